// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_api.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xenlab::transport {

std::string ssh_words(ssh_session session)
{
    const char* words = ssh_get_error(session);
    return words == nullptr || *words == '\0' ? "the connection broke" : text::printable(words);
}

void set_option(ssh_session session, ssh_options_e option, const void* value, std::string_view what)
{
    if (ssh_options_set(session, option, value) < 0)
        throw Error(Errc::failed,
                    fmt::format("libssh does not take this {}: {}", what, ssh_words(session)));
}

std::string fingerprint(ssh_key key)
{
    unsigned char* hash = nullptr;
    std::size_t length = 0;
    if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) != SSH_OK)
        throw Error(Errc::failed, "libssh cannot hash a key");
    const std::unique_ptr<char, FreeWith<ssh_string_free_char>> text(
        ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length));
    ssh_clean_pubkey_hash(&hash);
    if (!text)
        throw Error(Errc::failed, "libssh cannot show a key");
    return text.get();
}

} // namespace xenlab::transport
