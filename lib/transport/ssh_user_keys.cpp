// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_user_keys.hpp"

#include <xenlab/bytes/endian.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <span>

namespace xenlab::transport {
namespace {

constexpr std::string_view certificate_suffix = "-cert-v01@openssh.com";

std::string from_base64(std::string_view text)
{
    std::string bytes(text.size() / 4 * 3, '\0');
    const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                  reinterpret_cast<const unsigned char*>(text.data()),
                                  static_cast<int>(text.size()));
    if (n < 0)
        return {};
    // The padding was decoded, too.
    const auto padding = static_cast<std::size_t>(
        std::count(text.end() - std::min<std::ptrdiff_t>(2, std::ssize(text)), text.end(), '='));
    bytes.resize(static_cast<std::size_t>(n) - std::min(padding, static_cast<std::size_t>(n)));
    return bytes;
}

/// Takes one string of the protocol (its length in front) from the blob; empty at its end.
std::string_view take_string(std::string_view& blob)
{
    if (blob.size() < 4)
        return {};
    const std::size_t length = bytes::be32(std::as_bytes(std::span(blob)), 0);
    if (length > blob.size() - 4)
        return {};
    const std::string_view text = blob.substr(4, length);
    blob.remove_prefix(4 + length);
    return text;
}

} // namespace

std::string key_blob(ssh_key key)
{
    char* base64 = nullptr;
    if (key == nullptr || ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
        return {};
    std::string blob = from_base64(base64);
    ssh_string_free_char(base64);
    return blob;
}

std::string public_blob_of(const std::string& identity_file)
{
    for (const std::string& file : {identity_file + ".pub", identity_file}) {
        ssh_key loaded = nullptr;
        if (ssh_pki_import_pubkey_file(file.c_str(), &loaded) == SSH_OK)
            return key_blob(KeyHandle(loaded).get());
    }
    return {};
}

bool belongs_to(std::string_view blob, std::string_view plain_key)
{
    if (plain_key.empty() || blob == plain_key)
        return !plain_key.empty();
    std::string_view type = take_string(blob);
    if (!type.ends_with(certificate_suffix))
        return false;
    type.remove_suffix(certificate_suffix.size());
    take_string(blob); // a nonce; then the fields of the key, then what is certified
    return take_string(plain_key) == type && !plain_key.empty() && blob.starts_with(plain_key);
}

std::vector<KeyHandle> certificates_for(std::string_view plain_key,
                                        const std::vector<std::string>& files)
{
    std::vector<KeyHandle> found;
    for (const std::string& file : files) {
        ssh_key loaded = nullptr;
        if (ssh_pki_import_cert_file(file.c_str(), &loaded) != SSH_OK)
            continue;
        KeyHandle certificate(loaded);
        if (belongs_to(key_blob(certificate.get()), plain_key))
            found.push_back(std::move(certificate));
    }
    return found;
}

} // namespace xenlab::transport
