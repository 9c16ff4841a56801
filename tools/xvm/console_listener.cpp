// SPDX-License-Identifier: GPL-3.0-or-later
#include "console_listener.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace xvm {

using namespace xenlab;

Listener listen_at(const std::string& where)
{
    const std::size_t colon = where.rfind(':');
    constexpr std::uint64_t none = 65536;
    const std::uint64_t port =
        colon == std::string::npos
            ? none
            : text::parse_u64(std::string_view(where).substr(colon + 1)).value_or(none);
    const std::string host =
        colon == 0 ? "127.0.0.1" : where.substr(0, std::min(colon, where.size()));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (port >= none || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        throw Error(Errc::usage, fmt::format("{} is not ADDR:PORT", text::quoted(where)),
                    "for instance 127.0.0.1:5901");
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    Listener listener{io::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), {}};
    const int yes = 1;
    ::setsockopt(listener.socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    auto* generic = reinterpret_cast<sockaddr*>(&address); // NOLINT: the sockets API
    if (::bind(listener.socket.get(), generic, sizeof address) != 0 ||
        ::listen(listener.socket.get(), 64) != 0)
        throw system_error(errno, where);
    socklen_t length = sizeof address;
    ::getsockname(listener.socket.get(), generic, &length);
    listener.address = fmt::format("{}:{}", host, ntohs(address.sin_port));
    return listener;
}

namespace {

struct Guest {
    Visitor visitor;
    std::jthread thread; ///< last: joined first
};

/// Whether there is room for one more.
bool make_room(std::list<Guest>& guests, std::size_t most)
{
    guests.remove_if([](const Guest& guest) { return guest.visitor.done.load(); });
    if (guests.size() < most)
        return true;
    const auto oldest = std::find_if(guests.begin(), guests.end(), [](const Guest& guest) {
        return !guest.visitor.known.load();
    });
    if (oldest == guests.end())
        return false;
    oldest->visitor.stop.request_stop();
    guests.erase(oldest);
    return true;
}

io::Fd next_connection(const Listener& listener)
{
    pollfd wait{.fd = listener.socket.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, 200) <= 0)
        return {};
    io::Fd peer(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer) { // out of descriptors or memory, or it has gone again
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return {};
    }
    const int yes = 1; // whose machine has vanished must not hold the console for ever
    ::setsockopt(peer.get(), SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    return peer;
}

} // namespace

void serve_visitors(const Listener& listener, std::size_t most,
                    const std::function<void(io::Fd, Visitor&)>& act,
                    const std::function<bool()>& ended, const std::stop_token& stop)
{
    std::list<Guest> guests;
    while (!stop.stop_requested() && !ended()) {
        io::Fd peer = next_connection(listener);
        if (!peer || !make_room(guests, most))
            continue;
        Guest& guest = guests.emplace_back();
        guest.thread = std::jthread(
            [&act, &visitor = guest.visitor, fd = std::make_shared<io::Fd>(std::move(peer))] {
                act(std::move(*fd), visitor);
                visitor.done = true;
            });
    }
    for (Guest& guest : guests)
        guest.visitor.stop.request_stop();
} // and their threads are awaited

} // namespace xvm
