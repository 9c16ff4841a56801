// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets on which other people's servers are started.
#pragma once

#include "scratch.hpp"

#include <cstdint>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace xenlab::nbd::test {

/// sockaddr is the common face of all address types (sockaddr(3type)).
template <typename Address>
sockaddr* face(Address& address)
{
    return reinterpret_cast<sockaddr*>(&address);
}

inline io::Fd listen_unix(const std::string& path)
{
    io::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    if (::bind(fd.get(), face(address), sizeof address) != 0 || ::listen(fd.get(), 16) != 0)
        throw std::system_error(errno, std::generic_category(), path);
    return fd;
}

struct TcpListener {
    io::Fd fd;
    std::uint16_t port = 0;
};

/// On 127.0.0.1 and a port that the system chooses.
inline TcpListener listen_tcp()
{
    TcpListener listener{.fd = io::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener.fd.get(), face(address), sizeof address) != 0 ||
        ::listen(listener.fd.get(), 16) != 0 ||
        ::getsockname(listener.fd.get(), face(address), &length) != 0)
        throw std::system_error(errno, std::generic_category(), "127.0.0.1");
    listener.port = ntohs(address.sin_port);
    return listener;
}

/// A server program on a unix socket of its own.
class UnixServer {
  public:
    explicit UnixServer(const std::string& command)
        : listener_(listen_unix(socket())), program_(command, listener_)
    {
        listener_.reset(); // so that nobody listens any more when the program has gone
    }
    [[nodiscard]] std::string uri(const std::string& name = "") const
    {
        return unix_uri(socket(), name);
    }
    void kill() { program_.kill(); }

  private:
    [[nodiscard]] std::string socket() const { return scratch_.file("peer.sock"); }

    Scratch scratch_;
    io::Fd listener_;
    Captive program_;
};

} // namespace xenlab::nbd::test
