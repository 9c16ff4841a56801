// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and certificates of users, as files and as an agent's blobs (RFC 4253 6.6; OpenSSH's
// PROTOCOL.certkeys).
#pragma once

#include "ssh_api.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace xenlab::transport {

/// A key as the protocol writes it: its type, then its fields, or a whole certificate. Empty when
/// libssh cannot write it.
std::string key_blob(ssh_key key);

/// The public half that belongs to an IdentityFile: of FILE.pub or, in clear also in an encrypted
/// key, of FILE. Empty when there is none.
std::string public_blob_of(const std::string& identity_file);

/// Whether `blob` is that plain key or a certificate for it.
bool belongs_to(std::string_view blob, std::string_view plain_key);

/// The certificates among these files that are for `plain_key`; others, and files that are none,
/// are left out.
std::vector<KeyHandle> certificates_for(std::string_view plain_key,
                                        const std::vector<std::string>& files);

} // namespace xenlab::transport
