// SPDX-License-Identifier: GPL-3.0-or-later
// A read-only NBD server over any BlockDevice, for qemu-img, nbdcopy, guestfish, nbdfuse and the
// kernel's client: fixed newstyle negotiation, structured replies, the base:allocation metadata
// context, block size information, read-only and multi-conn flags (NBD doc/proto.md, "Baseline" and
// "Maximum interoperability"). No TLS: the socket file's mode is the protection.
#pragma once

#include <xenlab/base/error.hpp>
#include <xenlab/block/block_device.hpp>
#include <xenlab/transport/channel.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace xenlab::nbd {

/// A disk that clients may ask for. Name and description are at most 4096 bytes of UTF-8.
struct Export {
    std::string name;
    std::string description;
    /// Makes a device for one connection, in that connection's thread, which alone uses it. May
    /// throw Error: the client then learns that there is no such export. A device that waits for
    /// something must watch the stop_token that serve() got, or serve() waits for it, too.
    std::function<std::unique_ptr<block::BlockDevice>()> open;
};

/// Export::open for a device that there is only one of: its connections take turns, request by
/// request. Borrows the device, which must live until serve() has returned.
std::function<std::unique_ptr<block::BlockDevice>()> take_turns(block::BlockDevice& device);

struct ServerOptions {
    std::string socket; ///< path of the socket file, at most 107 bytes
    /// Further clients are turned away. Each takes a thread and a buffer of 256 KiB; only a client
    /// that does not know structured replies makes it grow, to the request's length, at most 32
    /// MiB.
    unsigned max_connections = 32;
    std::chrono::milliseconds handshake_timeout{
        30'000}; ///< from the connection to the first request
    /// For the rest of a request once it has begun, and for the client to take 256 KiB of a reply.
    /// Between requests a client may be silent for ever.
    std::chrono::milliseconds stall_timeout{60'000};
    /// Called once, when clients can connect; then tell others about the socket.
    std::function<void()> ready;
    /// What went wrong with a device; the client got EIO and the connection goes on. May be called
    /// by several threads at once. Must not throw.
    std::function<void(const Error&)> device_failed;
    /// Why a client was cut off. As above. Clients that merely leave are not reported.
    std::function<void(const Error&)> client_failed;
};

/// One client from beginning to end, over a channel that the caller has. A connection that fails
/// concerns nobody but the callbacks of `options`, of which the socket and max_connections do not
/// matter here.
void serve_connection(transport::Channel& channel, const std::vector<Export>& exports,
                      const ServerOptions& options) noexcept;

/// Serves until `stop` is requested, then cuts all connections, removes the socket file and
/// returns. A request for the export "" means the first one, unless one has that name. Throws Error
/// when the socket cannot be made (see transport::UnixListener).
void serve(const std::vector<Export>& exports, const ServerOptions& options,
           const std::stop_token& stop);

} // namespace xenlab::nbd
