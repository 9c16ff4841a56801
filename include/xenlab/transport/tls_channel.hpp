// SPDX-License-Identifier: GPL-3.0-or-later
// TLS on top of a Channel, as a client: TLS 1.2 or newer, and no byte is sent before the server's
// certificate was accepted.
#pragma once

#include <xenlab/transport/channel.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xenlab::transport {

/// What a server showed, for whoever decides whether to trust it.
struct TlsPeer {
    std::string host;                   ///< the name or address that was asked for
    std::vector<std::byte> certificate; ///< the server's own, DER
    std::string sha256;                 ///< of the certificate, 64 lower-case hex digits
    std::string problem; ///< why authorities and host name do not vouch for it; empty if they do
};

struct TlsOptions {
    /// PEM file of authorities to trust instead of the system's.
    std::string trust_file;
    /// Decides in place of "no problem": the seam for pinned certificates. Called during the
    /// handshake, in the thread of start_tls; may throw Error, which then leaves start_tls.
    std::function<bool(const TlsPeer&)> accept;
};

/// Does the handshake over `plain` and owns it from then on. `host` is what the certificate must be
/// for; a name is also sent as SNI. Throws Error{unreachable} when the certificate is not accepted
/// or the handshake fails. The peer must not have sent anything before the handshake that is not
/// read yet.
std::unique_ptr<Channel> start_tls(std::unique_ptr<Channel> plain, const std::string& host,
                                   const TlsOptions& options, TimePoint deadline);

} // namespace xenlab::transport
