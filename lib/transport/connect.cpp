// SPDX-License-Identifier: GPL-3.0-or-later
#include "connect.hpp"

#include "stop_event.hpp"
#include "unix_address.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/channel.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <future>
#include <netdb.h>
#include <thread>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace xenlab::transport {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

struct Lookup {
    int error = 0;
    Addresses list;
};

Lookup look_up(const std::string& host, std::uint16_t port, int family)
{
    addrinfo wanted{};
    wanted.ai_family = family;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    Lookup found;
    found.error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &list);
    found.list.reset(found.error == 0 ? list : nullptr);
    return found;
}

/// getaddrinfo(3) cannot be interrupted, so it runs in a thread that is left to itself if need be.
Lookup look_up(const std::string& host, std::uint16_t port, int family, TimePoint deadline,
               const std::stop_token& stop, const std::string& shown)
{
    std::packaged_task<Lookup()> task([host, port, family] { return look_up(host, port, family); });
    std::future<Lookup> found = task.get_future();
    std::thread(std::move(task)).detach();
    const StopEvent stopped(stop);
    while (found.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
        stopped.check();
        if (TimePoint::clock::now() >= deadline)
            throw Error(Errc::timeout, fmt::format("{}: no answer from the name service", shown));
    }
    return found.get();
}

/// 0, or the errno why this address cannot be reached.
int try_connect(const io::Fd& socket, const sockaddr* address, socklen_t length, TimePoint deadline,
                const StopEvent& stopped, const std::string& shown)
{
    if (::connect(socket.get(), address, length) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return errno;
    stopped.wait(socket.get(), POLLOUT, deadline, shown);
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}

io::Fd make_socket(int family)
{
    return io::Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// 0, or an errno.
int bind_to(const io::Fd& socket, const std::string& address, int family)
{
    const Lookup own = look_up(address, 0, family);
    if (own.error != 0)
        return EADDRNOTAVAIL;
    return ::bind(socket.get(), own.list->ai_addr, own.list->ai_addrlen) == 0 ? 0 : errno;
}

} // namespace

std::string shown_address(const std::string& host, std::uint16_t port)
{
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", text::printable(host), v6 ? "]" : "", port);
}

io::Fd connect_socket(const std::string& host, std::uint16_t port, const SocketOptions& options,
                      TimePoint deadline, const std::stop_token& stop)
{
    const std::string shown = shown_address(host, port);
    const Lookup found = look_up(host, port, options.family, deadline, stop, shown);
    if (found.error != 0)
        throw Error(Errc::unreachable, fmt::format("{}: {}", shown, ::gai_strerror(found.error)));
    const StopEvent stopped(stop);
    int error = EHOSTUNREACH;
    for (const addrinfo* one = found.list.get(); one != nullptr; one = one->ai_next) {
        io::Fd socket = make_socket(one->ai_family);
        error = socket ? 0 : errno;
        if (error == 0 && !options.bind_address.empty())
            error = bind_to(socket, options.bind_address, one->ai_family);
        if (error == 0)
            error = try_connect(socket, one->ai_addr, one->ai_addrlen, deadline, stopped, shown);
        if (error != 0)
            continue;
        const int on = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        return socket;
    }
    throw Error(Errc::unreachable, system_error(error, shown).what());
}

std::unique_ptr<Channel> connect_tcp(const std::string& host, std::uint16_t port,
                                     TimePoint deadline, const std::stop_token& stop)
{
    io::Fd socket = connect_socket(host, port, {}, deadline, stop);
    return socket_channel(std::move(socket), shown_address(host, port), stop);
}

std::unique_ptr<Channel> connect_unix(const std::string& path, TimePoint deadline,
                                      const std::stop_token& stop)
{
    std::string shown = text::printable(path);
    const sockaddr_un address = unix_address(path);
    const StopEvent stopped(stop);
    for (;;) {
        io::Fd socket = make_socket(AF_UNIX);
        if (!socket)
            throw system_error(errno, "socket");
        // sockaddr is the common face of all address types (sockaddr(3type)).
        const int error = try_connect(socket, reinterpret_cast<const sockaddr*>(&address),
                                      sizeof address, deadline, stopped, shown);
        if (error == 0)
            return socket_channel(std::move(socket), std::move(shown), stop);
        if (error != EAGAIN)
            throw Error(error == ENOENT ? Errc::not_found : Errc::unreachable,
                        system_error(error, shown).what());
        // The server's queue is full, and a unix socket cannot be polled for that.
        stopped.check();
        if (TimePoint::clock::now() >= deadline)
            throw Error(Errc::timeout, fmt::format("{}: the server does not answer", shown));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

} // namespace xenlab::transport
