// SPDX-License-Identifier: GPL-3.0-or-later
// Ends a transfer in which nothing moves any more. Silence alone means nothing: a server that reads
// through a large hole, or compresses it, sends no byte for minutes. So its task is looked at, too.
#pragma once

#include <xenlab/xapi/session.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

namespace xenlab::transfer {

/// Watches one connection. The transferring thread says when it waits for the server; while it does
/// not (its own reader is slow, say), nothing is held against the server.
class Watchdog {
  public:
    /// Both must outlive it. `patience`: how long neither bytes nor the task may move.
    Watchdog(xapi::Session& session, xapi::Ref<xapi::Task> task,
             std::chrono::milliseconds patience);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// For the connection: requested by the session's, and when the watchdog barks.
    [[nodiscard]] std::stop_token stop() const noexcept { return stop_.get_token(); }
    /// Gives the transfer up, from any thread.
    void give_up() noexcept { stop_.request_stop(); }

    void wait_begins() noexcept { waiting_since_ = now(); }
    void wait_ends() noexcept { waiting_since_ = 0; }

    /// The task has its verdict, though the connection is still open: it was cut for that.
    [[nodiscard]] bool task_ended() const noexcept { return ended_; }
    /// Throws Error{timeout} when it was cut because nothing moved.
    void check() const;

  private:
    static std::int64_t now() noexcept;
    void watch(const std::stop_token& stop);
    void look(double& progress, std::int64_t& moved);

    xapi::Session& session_;
    xapi::Ref<xapi::Task> task_;
    std::chrono::milliseconds patience_;
    std::atomic<std::int64_t> waiting_since_ = 0; ///< 0: not waiting; else milliseconds
    std::atomic<bool> ended_ = false;
    std::atomic<bool> stalled_ = false;
    std::stop_source stop_;
    std::stop_callback<std::function<void()>> chain_;
    std::jthread thread_; ///< last: joined first
};

} // namespace xenlab::transfer
