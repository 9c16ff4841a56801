// SPDX-License-Identifier: GPL-3.0-or-later
// The way to a host: a TCP connection, a proxy command, or a channel through a jump host. All three
// end as a descriptor that libssh can use.
#pragma once

#include <xenlab/io/fd.hpp>
#include <xenlab/transport/ssh.hpp>
#include <xenlab/transport/ssh_config.hpp>

#include <memory>
#include <stop_token>

namespace xenlab::transport {

/// What must stay while the descriptor is in use: the proxy's process, or the session to the jump
/// host and the threads that copy. Destroying it ends them.
class RouteKeeper {
  public:
    virtual ~RouteKeeper() = default;
    RouteKeeper(const RouteKeeper&) = delete;
    RouteKeeper& operator=(const RouteKeeper&) = delete;

  protected:
    RouteKeeper() = default;
};

struct Route {
    io::Fd socket;
    std::unique_ptr<RouteKeeper> keeper; ///< null for TCP
};

/// `depth` counts jump hosts of jump hosts.
Route open_route(const SshSettings& settings, const SshOptions& options, unsigned depth,
                 const std::stop_token& stop);

/// connect_ssh behind the first jumps.
std::unique_ptr<SshSession> connect_ssh_at(const SshSettings& settings, const SshOptions& options,
                                           unsigned depth, std::stop_token stop);

} // namespace xenlab::transport
