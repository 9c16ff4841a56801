// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that owns a libssh session, and the channels that it serves.
//
// libssh is not safe to use from two threads, so one thread makes every call. Others leave their
// wishes in a SshStreams object, under the core's mutex, and wake the thread; libssh's callbacks
// put what arrives there and wake those who wait. No call into libssh is made with the mutex held.
#pragma once

#include "ssh_api.hpp"
#include "ssh_route.hpp"

#include <xenlab/io/fd.hpp>
#include <xenlab/transport/ssh.hpp>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace xenlab::transport {

/// Bytes that came from the server and wait for a reader.
struct Inbox {
    std::string data;
    std::size_t at = 0;   ///< read so far
    bool refused = false; ///< libssh holds more: take it when there is room
    bool ended = false;   ///< nothing follows `data`
    bool untold = false;  ///< there is more than the reader was woken for
    std::condition_variable_any changed;
    [[nodiscard]] std::size_t size() const noexcept { return data.size() - at; }
};

/// How a channel is opened.
struct ChannelPlan {
    enum class Kind { command, tcp, unix_socket } kind = Kind::command;
    std::string target; ///< the command, host or path
    std::uint16_t port = 0;
    bool terminal = false;
    std::size_t buffer = 0;              ///< see SshCommandOptions
    std::chrono::milliseconds gather{0}; ///< the same
};

class SshCore;

/// One channel. What is not marked otherwise is guarded by the core's mutex.
struct SshStreams {
    explicit SshStreams(ChannelPlan how) : plan(std::move(how)) {}
    const ChannelPlan plan;

    enum class State { opening, open, closed } state = State::opening;
    std::string refusal; ///< why it could not be opened
    Inbox out, err;
    std::string to_send;
    bool send_end = false; ///< no more to_send will come
    bool input_gone = false;
    SshExit exit;
    bool give_up = false; ///< nobody is interested any more

    // The core's thread only.
    ssh_channel handle = nullptr;
    enum class Step { open, terminal, request, serve, done } step = Step::open;
    ssh_channel_callbacks_struct callbacks{};
    SshCore* core = nullptr;
    std::string sending;
    std::size_t sent = 0;
    bool end_sent = false;
};

class SshCore : public std::enable_shared_from_this<SshCore> {
  public:
    SshCore(SshSettings settings, SshOptions options, std::string peer);
    ~SshCore();
    SshCore(const SshCore&) = delete;
    SshCore& operator=(const SshCore&) = delete;

    /// Logs in over `route`. Throws as connect_ssh does.
    void start(Route route, const std::stop_token& stop);

    /// Ends the connection and the thread; does not wait for a thread that an agent holds up.
    void close();

    std::shared_ptr<SshStreams> open(ChannelPlan plan, TimePoint deadline,
                                     const std::stop_token& stop);
    void abandon(const std::shared_ptr<SshStreams>& streams);

    std::size_t read(SshStreams& streams, Inbox& from, std::span<std::byte> buffer,
                     TimePoint deadline, const std::stop_token& stop);
    void write(SshStreams& streams, std::span<const std::byte> data, TimePoint deadline,
               const std::stop_token& stop);
    void end_input(SshStreams& streams);
    SshExit wait_exit(SshStreams& streams, TimePoint deadline, const std::stop_token& stop);

    [[nodiscard]] bool alive() const;
    [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

  private:
    friend struct SshCallbacks;

    // Any thread.
    template <typename Condition>
    void wait_for(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
                  TimePoint deadline, const std::stop_token& stop, Condition condition);
    void wake() noexcept;
    void notify_everybody();
    [[noreturn]] void throw_broken() const;

    // The thread.
    void run();
    void login();
    void wait_for_socket();
    void serve();
    void tell_readers();
    void serve_channels();
    void serve_channel(SshStreams& streams);
    bool advance(SshStreams& streams);
    void take_refused(SshStreams& streams, Inbox& inbox, bool is_stderr);
    void send(SshStreams& streams);
    void release(SshStreams& streams);
    void check_alive();
    void fail(std::string words);

    const SshSettings settings_;
    const SshOptions options_;
    const std::string peer_;
    std::chrono::milliseconds alive_interval_;
    unsigned alive_count_;

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::list<std::shared_ptr<SshStreams>> channels_;
    bool logged_in_ = false;
    bool finished_ = false; ///< the thread is about to end
    std::string broken_;    ///< why the connection is no longer usable
    std::exception_ptr login_failure_;
    std::vector<std::string> notes_; ///< of the login, for whoever waits for it

    std::atomic<bool> closing_ = false;
    std::atomic<bool> work_ = false; ///< somebody left a wish
    bool pending_ = false;           ///< the thread's: a channel waits for the server to go on
    io::Fd wake_;

    // The thread only, once it runs.
    Route route_;
    SessionHandle session_;
    EventHandle event_;
    TimePoint login_deadline_{};
    ssh_counter_struct counter_{};
    std::uint64_t counted_ = 0;
    bool untold_ = false; ///< bytes came that no reader was woken for
    unsigned untold_rounds_ = 0;
    std::uint64_t told_bytes_ = 0;
    TimePoint told_at_{};
    TimePoint heard_{}, asked_{};
    unsigned unanswered_ = 0;
    std::thread thread_;
};

} // namespace xenlab::transport
