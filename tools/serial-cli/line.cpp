// SPDX-License-Identifier: GPL-3.0-or-later
// Connecting to the port. The broker needs descriptors that it can poll both ways at once, which
// transport::Channel does not offer.
#include "target.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <netdb.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{10};

int wait_connected(int fd, Clock::time_point deadline, const std::stop_token& stop)
{
    while (Clock::now() < deadline) {
        if (stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        pollfd state{fd, POLLOUT, 0};
        if (::poll(&state, 1, 100) <= 0)
            continue;
        int error = 0;
        socklen_t size = sizeof error;
        return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
    }
    return ETIMEDOUT;
}

io::Fd open_tcp(const Target& target, const std::stop_token& stop)
{
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const std::string shown = text::printable(target.text);
    const int failed =
        ::getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &wanted, &list);
    if (failed != 0)
        throw Error(Errc::unreachable, fmt::format("{}: {}", shown, ::gai_strerror(failed)));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);
    const auto deadline = Clock::now() + patience;
    int error = EHOSTUNREACH;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        io::Fd fd(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd)
            throw system_error(errno, "socket");
        error = ::connect(fd.get(), one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
        if (error == EINPROGRESS || error == EINTR)
            error = wait_connected(fd.get(), deadline, stop);
        if (error != 0)
            continue;
        const int on = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        return fd;
    }
    throw Error(error == ETIMEDOUT ? Errc::timeout : Errc::unreachable,
                fmt::format("{}: {}", shown, std::strerror(error)));
}

io::Fd open_unix(const Target& target)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string shown = text::printable(target.text);
    if (target.path.size() >= sizeof address.sun_path)
        throw Error(Errc::usage, fmt::format("{}: too long for a socket", shown));
    std::memcpy(address.sun_path, target.path.data(), target.path.size());
    io::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        throw system_error(errno, "socket");
    // sockaddr is the common face of all address types (sockaddr(3type)).
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw Error(errno == ENOENT ? Errc::not_found : Errc::unreachable,
                    fmt::format("{}: {}", shown, std::strerror(errno)));
    return fd;
}

io::Fd open_terminal(const Target& target)
{
    io::Fd fd(::open(target.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!fd)
        throw Error(errno == ENOENT ? Errc::not_found : Errc::unreachable,
                    fmt::format("{}: {}", text::printable(target.text), std::strerror(errno)));
    termios mode{};
    if (::tcgetattr(fd.get(), &mode) != 0)
        throw Error(Errc::unreachable,
                    fmt::format("{}: is no terminal", text::printable(target.text)));
    ::cfmakeraw(&mode);
    mode.c_cflag |= CLOCAL | CREAD;
    mode.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS);
    ::tcsetattr(fd.get(), TCSANOW, &mode);
    return fd;
}

} // namespace

OpenedLine open_line(const Target& target, const std::stop_token& stop)
{
    const std::string where = text::printable(target.text);
    switch (target.kind) {
    case Target::Kind::tcp:
        return {.fd = open_tcp(target, stop), .where = where};
    case Target::Kind::unix_socket:
        return {.fd = open_unix(target), .where = where};
    case Target::Kind::terminal:
        return {.fd = open_terminal(target), .where = where};
    case Target::Kind::vm:
        break;
    }
    throw Error(Errc::usage, "no such kind of target");
}

} // namespace xenlab::serial_cli
