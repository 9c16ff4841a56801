// SPDX-License-Identifier: GPL-3.0-or-later
// known_hosts files: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xenlab::transport {

/// One key that the files hold for a host.
struct KnownKey {
    std::string type;   ///< "ssh-ed25519"
    std::string base64; ///< the public key
    std::string place;  ///< "FILE:LINE", safe to show
    bool revoked = false;
    bool authority = false; ///< @cert-authority: certificates, which libssh does not know
};

/// The name under which a host stands there: "h1", or "[h1]:2222" when the port is not 22.
std::string known_hosts_name(std::string_view host, unsigned port);

/// All lines for `name`, hashed names and patterns included, in the order of the files. Files that
/// do not exist are empty; lines that make no sense are skipped, as ssh(1) does.
std::vector<KnownKey> find_known_keys(const std::vector<std::string>& files,
                                      const std::string& name);

/// Appends a line, creates the file (0600) and its folder (0700) if need be. Throws Error.
void add_known_key(const std::string& file, const std::string& name, std::string_view type,
                   std::string_view base64);

} // namespace xenlab::transport
