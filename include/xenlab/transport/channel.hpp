// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes to a peer and back, over TCP, a unix socket or TLS. Every wait is finite: it ends with a
// deadline or with a stop_token.
#pragma once

#include <xenlab/io/fd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

namespace xenlab::transport {

using TimePoint = std::chrono::steady_clock::time_point;

/// For waits that only a stop_token ends.
inline constexpr TimePoint no_deadline = TimePoint::max();

/// The point `delay` from now; a delay too long to count is no_deadline.
TimePoint deadline_in(std::chrono::milliseconds delay);

/// One thread at a time. Throws Error: timeout at the deadline, interrupted when a stop was
/// requested, unreachable when the peer broke the connection. After an Error the channel is not
/// usable. Destroying it closes the connection.
class Channel {
  public:
    virtual ~Channel() = default;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// Fills a front part of `buffer`, waiting for at least one byte; 0 means that the peer has
    /// ended.
    virtual std::size_t read(std::span<std::byte> buffer, TimePoint deadline) = 0;

    /// Sends all of `head` and then all of `body`; the two spare the caller a copy.
    virtual void write(std::span<const std::byte> head, std::span<const std::byte> body,
                       TimePoint deadline) = 0;

    /// Who is at the other end, for messages; safe to show.
    [[nodiscard]] virtual const std::string& peer() const noexcept = 0;

  protected:
    Channel() = default;
};

/// Says "no more from me"; the channel can still be read. Nothing for a channel that cannot: the
/// end then comes with its destruction.
void end_writing(Channel& channel, TimePoint deadline);

/// A connected stream socket. `peer` must be safe to show.
std::unique_ptr<Channel> socket_channel(io::Fd socket, std::string peer, std::stop_token stop);

/// Throws Error{unreachable} when there is no such host or nobody listens. An IPv6 address is
/// written without brackets. The deadline is for the connection only.
std::unique_ptr<Channel> connect_tcp(const std::string& host, std::uint16_t port,
                                     TimePoint deadline, const std::stop_token& stop);

std::unique_ptr<Channel> connect_unix(const std::string& path, TimePoint deadline,
                                      const std::stop_token& stop);

/// What comes in at `fd`, which stays the caller's: a terminal, pipe or file. It cannot be written.
std::unique_ptr<Channel> input_channel(int fd, std::string peer, std::stop_token stop);

} // namespace xenlab::transport
