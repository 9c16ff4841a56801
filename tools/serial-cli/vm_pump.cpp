// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm_pump.hpp"

#include <xenlab/base/error.hpp>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace xenlab::serial_cli {

VmPump::VmPump(std::unique_ptr<transport::SshSession> session, std::stop_source stop)
    : session_(std::move(session)), stop_(std::move(stop))
{
}

VmPump::~VmPump()
{
    end();
}

void VmPump::end()
{
    stop_.request_stop();
    if (socket_)
        ::shutdown(socket_.get(), SHUT_RDWR);
}

io::Fd VmPump::start(std::unique_ptr<FarEnd> far, std::string first)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw system_error(errno, "socketpair");
    io::Fd near(ends[0]);
    socket_ = io::Fd(ends[1]);
    ::fcntl(near.get(), F_SETFL, O_NONBLOCK);
    far_ = std::move(far);
    first_ = std::move(first);
    down_ = std::jthread([this] { carry_down(); });
    up_ = std::jthread([this] { carry_up(); });
    return near;
}

/// From the host to us.
void VmPump::carry_down()
{
    std::array<std::byte, 16384> buffer{};
    try {
        io::write_all(socket_.get(), std::as_bytes(std::span(first_)), "the broker");
        while (const std::size_t count = far_->read(buffer))
            io::write_all(socket_.get(), std::span(buffer).first(count), "the broker");
    } catch (const Error&) { // the line is lost, which is what the broker will see
        stop_.request_stop();
    }
    ::shutdown(socket_.get(), SHUT_RDWR);
}

void VmPump::carry_up()
{
    std::array<std::byte, 16384> buffer{};
    try {
        for (;;) {
            const ssize_t count = ::read(socket_.get(), buffer.data(), buffer.size());
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                break;
            far_->write(std::span(buffer).first(static_cast<std::size_t>(count)));
        }
    } catch (const Error&) {
        ::shutdown(socket_.get(), SHUT_RDWR);
    }
    stop_.request_stop();
}

} // namespace xenlab::serial_cli
