// SPDX-License-Identifier: GPL-3.0-or-later
// Names of NBD exports: NBD doc/uri.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xenlab::nbd {

/// nbd://HOST[:PORT][/EXPORT], nbds://… (the same over TLS), nbd+unix:///[EXPORT]?socket=PATH.
struct Uri {
    std::string host; ///< without the brackets of an IPv6 address; empty for a unix socket
    std::uint16_t port = 10809;
    std::string socket; ///< path of a unix socket, or empty
    std::string export_name;
    bool tls = false; ///< never without

    bool operator==(const Uri&) const = default;
};

/// Throws Error{usage} for anything else. %XX is decoded; a user name or an unknown parameter is
/// refused.
Uri parse_uri(std::string_view text);

/// True for a text that begins with one of the schemes above.
bool is_uri(std::string_view text) noexcept;

/// For messages: an export name may carry a session after a "?" (XenServer), which is left out.
std::string shown_export(std::string_view name);

} // namespace xenlab::nbd
