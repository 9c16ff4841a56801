// SPDX-License-Identifier: GPL-3.0-or-later
// Signals as a stop request, and the ends of a process that a shell expects.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace xenlab::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP are blocked in the calling thread (and those it
/// starts) and become a stop request; a second one kills the process at once. A signal that was
/// ignored when the process started (nohup) stays ignored. SIGPIPE is ignored: writes fail with
/// EPIPE.
class SignalWatch {
  public:
    SignalWatch();
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

    [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
    /// The signal that requested the stop, 0 if none came.
    [[nodiscard]] int caught() const { return caught_; }

  private:
    void watch(const std::stop_token& ended);

    std::stop_source stop_;
    std::atomic<int> caught_ = 0;
    std::jthread thread_;
};

/// Ends the process by that signal, as if it had never been handled.
[[noreturn]] void die_of(int signal_number);

} // namespace xenlab::cli
