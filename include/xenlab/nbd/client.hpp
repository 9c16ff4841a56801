// SPDX-License-Identifier: GPL-3.0-or-later
// An NBD export as a BlockDevice, read-only.
//
// Our own client rather than libnbd: TLS goes through the same verifier as every other transport
// (libnbd 1.14 checks no certificate at all on a socket it is handed, and no host name but the
// URI's), every wait watches our deadlines and stop_token, and what a hostile server may claim is
// bounded here.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/transport/channel.hpp>
#include <xenlab/transport/tls_channel.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

namespace xenlab::nbd {

struct ClientOptions {
    std::chrono::milliseconds connect_timeout{30'000}; ///< to the end of the negotiation
    /// Time for the next of the requests in flight (256 KiB each) to be answered whole.
    std::chrono::milliseconds silence_timeout{60'000};
    /// How far to read ahead when reads follow each other; 0 is not at all.
    std::size_t read_ahead = 4U << 20;
    transport::TlsOptions tls; ///< for nbds://
};

/// Connects and negotiates: newstyle, fixed or not; structured replies and base:allocation if the
/// server knows them. Throws Error: usage for a bad URI, unreachable when nobody answers, TLS is
/// missing or not trusted or the server hangs up, not_found for an unknown export, timeout,
/// bad_data when the server breaks the protocol.
///
/// The device: one thread at a time. read() and extents() throw Error{failed} when the server
/// reports an error for a request, and go on working; timeout, unreachable, bad_data and
/// interrupted end the connection, and every later call throws the same. extents() of a server
/// without base:allocation is one extent of data; so is what lies beyond a million extents. Memory:
/// read_ahead and at most 8 MiB.
std::unique_ptr<block::BlockDevice> connect(const std::string& uri, const ClientOptions& options,
                                            const std::stop_token& stop);

/// The same on a connection that exists. `tls_host` not empty: TLS is demanded, with a certificate
/// for that host.
std::unique_ptr<block::BlockDevice> open_export(std::unique_ptr<transport::Channel> channel,
                                                const std::string& export_name,
                                                const std::string& tls_host,
                                                const ClientOptions& options);

} // namespace xenlab::nbd
