// SPDX-License-Identifier: GPL-3.0-or-later
#include "half_close.hpp"
#include "stop_event.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/transport/channel.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace xenlab::transport {
namespace {

class SocketChannel final : public Channel, public HalfClose, public Pollable {
  public:
    SocketChannel(io::Fd socket, std::string peer, std::stop_token stop)
        : socket_(std::move(socket)), peer_(std::move(peer)), stop_(std::move(stop))
    {
    }

    std::size_t read(std::span<std::byte> buffer, TimePoint deadline) override;
    void write(std::span<const std::byte> head, std::span<const std::byte> body,
               TimePoint deadline) override;
    [[nodiscard]] const std::string& peer() const noexcept override { return peer_; }
    void end_writing(TimePoint /*deadline*/) override { ::shutdown(socket_.get(), SHUT_WR); }
    [[nodiscard]] int descriptor() const override { return socket_.get(); }
    [[nodiscard]] bool buffered() const override { return false; }

  private:
    void wait_or_throw(short events, TimePoint deadline);

    io::Fd socket_;
    std::string peer_;
    StopEvent stop_;
};

/// After a failed system call: returns when it is worth another try.
void SocketChannel::wait_or_throw(short events, TimePoint deadline)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        stop_.wait(socket_.get(), events, deadline, peer_);
    else if (errno == EPIPE || errno == ECONNRESET)
        throw Error(Errc::unreachable, fmt::format("{}: the peer closed the connection", peer_));
    else if (errno != EINTR)
        throw system_error(errno, peer_);
}

std::size_t SocketChannel::read(std::span<std::byte> buffer, TimePoint deadline)
{
    stop_.check();
    for (;;) {
        const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n >= 0)
            return static_cast<std::size_t>(n);
        wait_or_throw(POLLIN, deadline);
    }
}

iovec part(std::span<const std::byte> data)
{
    // sendmsg(2) does not write to it; iovec serves both directions.
    return {.iov_base = const_cast<std::byte*>(data.data()), .iov_len = data.size()};
}

void SocketChannel::write(std::span<const std::byte> head, std::span<const std::byte> body,
                          TimePoint deadline)
{
    stop_.check();
    while (!head.empty() || !body.empty()) {
        std::array<iovec, 2> parts{part(head), part(body)};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t n = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            wait_or_throw(POLLOUT, deadline);
            continue;
        }
        const auto sent = static_cast<std::size_t>(n);
        const std::size_t of_head = std::min(sent, head.size());
        head = head.subspan(of_head);
        body = body.subspan(sent - of_head);
    }
}

} // namespace

void end_writing(Channel& channel, TimePoint deadline)
{
    if (auto* half = dynamic_cast<HalfClose*>(&channel))
        half->end_writing(deadline);
}

std::unique_ptr<Channel> socket_channel(io::Fd socket, std::string peer, std::stop_token stop)
{
    return std::make_unique<SocketChannel>(std::move(socket), std::move(peer), std::move(stop));
}

} // namespace xenlab::transport
