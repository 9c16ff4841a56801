// SPDX-License-Identifier: GPL-3.0-or-later
// A connected TCP socket, for those who need the descriptor itself.
#pragma once

#include <xenlab/io/fd.hpp>
#include <xenlab/transport/channel.hpp>

#include <cstdint>
#include <stop_token>
#include <string>

namespace xenlab::transport {

struct SocketOptions {
    int family = 0;           ///< AF_UNSPEC: both
    std::string bind_address; ///< our end's address; empty: the kernel's choice
};

/// Non-blocking, close-on-exec. Throws as connect_tcp does.
io::Fd connect_socket(const std::string& host, std::uint16_t port, const SocketOptions& options,
                      TimePoint deadline, const std::stop_token& stop);

/// "h1:22", "[fe80::1]:22", safe to show.
std::string shown_address(const std::string& host, std::uint16_t port);

} // namespace xenlab::transport
