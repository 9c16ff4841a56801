// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef _WIN32
#include "platform.hpp"
#include "posix.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace xenlab::agent {
namespace {

speed_t speed_of(unsigned baud)
{
    switch (baud) {
    case 9600:
        return B9600;
    case 19200:
        return B19200;
    case 38400:
        return B38400;
    case 57600:
        return B57600;
    case 115200:
        return B115200;
    case 230400:
        return B230400;
#ifdef B460800
    case 460800:
        return B460800;
    case 921600:
        return B921600;
#endif
    default:
        throw SystemFailure(2, "there is no such speed; 115200 is usual");
    }
}

class PosixPort final : public Port {
  public:
    PosixPort(const std::string& path, unsigned baud)
        : fd_(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)), path_(path)
    {
        if (fd_.get() < 0)
            throw SystemFailure(3, path + ": " + std::strerror(errno));
        termios mode{};
        if (::tcgetattr(fd_.get(), &mode) != 0)
            return; // a socket or a FIFO, for tests
        ::cfmakeraw(&mode);
        mode.c_cflag |= CLOCAL | CREAD;
        mode.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS);
        // Bytes with errors are dropped, and so is a break: either would damage a frame anyway.
        mode.c_iflag = IGNBRK | IGNPAR;
        ::cfsetispeed(&mode, speed_of(baud));
        ::cfsetospeed(&mode, speed_of(baud));
        ::tcsetattr(fd_.get(), TCSANOW, &mode);
        ::tcflush(fd_.get(), TCIFLUSH);
    }

    std::size_t read(std::span<std::byte> buffer) override
    {
        const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
        if (count > 0)
            return static_cast<std::size_t>(count);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        pollfd state{fd_.get(), POLLIN, 0};
        if (count == 0 && ::poll(&state, 1, 0) == 0)
            return 0;
        throw SystemFailure(5, path_ + ": the port has gone");
    }

    std::size_t write(View data) override
    {
        const ssize_t count = ::write(fd_.get(), data.data(), data.size());
        if (count >= 0)
            return static_cast<std::size_t>(count);
        if (errno == EAGAIN || errno == EINTR)
            return 0;
        throw SystemFailure(5, path_ + ": " + std::strerror(errno));
    }

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  private:
    Descriptor fd_;
    std::string path_;
};

} // namespace

std::unique_ptr<Port> Port::open(const std::string& path, unsigned baud)
{
    return std::make_unique<PosixPort>(path, baud);
}

void wait_for(Port& port, bool port_writable, const std::vector<ChildInterest>& children,
              Millis timeout)
{
    std::vector<pollfd> all;
    const short events = port_writable ? POLLIN | POLLOUT : POLLIN;
    all.push_back({dynamic_cast<PosixPort&>(port).fd(), events, 0});
    all.push_back({child_signal_fd(), POLLIN, 0});
    for (const ChildInterest& interest : children)
        add_child_polls(all, interest);
    const int limit = timeout > 60'000 ? 60'000 : static_cast<int>(timeout);
    if (::poll(all.data(), all.size(), timeout == serial::never ? -1 : limit) < 0)
        return;
    std::array<char, 64> drain{};
    while (::read(child_signal_fd(), drain.data(), drain.size()) > 0) {
    }
}

} // namespace xenlab::agent
#endif
