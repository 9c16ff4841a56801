// SPDX-License-Identifier: GPL-3.0-or-later
// A client of the broker: what every verb uses to talk to a guest.
#pragma once

#include "target.hpp"
#include "vm_line.hpp"
#include "wire.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/context.hpp>

#include <chrono>
#include <deque>

namespace xenlab::serial_cli {

/// Options that all verbs share.
struct Globals {
    std::vector<std::string> targets; ///< several only for run
    std::string secret_file;
    std::chrono::milliseconds link_timeout{30'000};
    std::chrono::milliseconds attach_timeout{5'000};
    PoolOptions pool; ///< for vm:NAME
};

/// The first line of the secret's file; empty when none was named. Throws Error{not_found}.
std::string read_secret(const Globals& globals);
/// Throws Error{usage}.
Target target_of(const Globals& globals);

/// The session with the agent ended under us: it or its guest was started anew.
class SessionLost : public Error {
  public:
    using Error::Error;
};

class Client {
  public:
    using Clock = std::chrono::steady_clock;

    /// Connects to the broker of the target and starts one if there is none. Throws Error.
    Client(const Globals& globals, cli::Context& context);

    /// Waits for a session with the agent. Throws Error{unreachable} when none answers.
    void attach();
    [[nodiscard]] std::uint8_t open(serial::Op op, const serial::Message& message,
                                    bool interactive = false);
    void send(std::uint8_t chan, serial::Op op, View body = {});
    void send(std::uint8_t chan, serial::Op op, const serial::Message& message)
    {
        send(chan, op, message.body());
    }
    void close(std::uint8_t chan);
    void raw(RawMode mode);
    void write(View bytes);
    void request(Kind kind, View body = {});

    struct Event {
        enum class Kind { message, closed, bytes, facts, ready } kind = Kind::message;
        std::uint8_t chan = 0;
        serial::Op op = serial::Op::data;
        Buffer body;
    };
    /// The next event; nothing when `until` comes first or `extra_fd` has something to read.
    /// Throws: SessionLost, Error{timeout} when the agent has been silent for the link timeout,
    /// Error{interrupted}, what the broker reports.
    std::optional<Event> next(Clock::time_point until, int extra_fd = -1, bool want_extra = true);
    /// Sends what is queued; an event, or nothing as soon as more may be queued.
    std::optional<Event> pump();
    /// Waits for an event of this channel (-1: any) for as long as the link lives.
    Event expect(int chan);
    /// Whether the socket to the broker takes more without piling up.
    [[nodiscard]] bool drained() const noexcept { return out_.size() < (64U << 10U); }
    [[nodiscard]] const Globals& globals() const noexcept { return globals_; }
    [[nodiscard]] cli::Context& context() const noexcept { return context_; }

  private:
    void flush();
    std::optional<Event> translate(Packet packet);

    const Globals& globals_;
    cli::Context& context_;
    io::Fd fd_, wake_;
    PacketReader reader_;
    Buffer out_;
    std::optional<std::uint8_t> opened_;
    bool attached_ = false, pumping_ = false;
    std::chrono::seconds connect_patience_{12}; // more than a broker takes to connect
};

/// Reads the ERROR message of an agent.
Error agent_error(View body);
/// The paths that belong to a target.
std::string socket_path_of(const Target& target);
std::string log_path_of(const Target& target);
/// Connects to a broker that runs; an empty descriptor if there is none.
io::Fd connect_broker(const std::string& socket_path);

} // namespace xenlab::serial_cli
