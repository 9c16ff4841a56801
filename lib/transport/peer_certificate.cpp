// SPDX-License-Identifier: GPL-3.0-or-later
#include "peer_certificate.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/hex.hpp>

#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <span>

#include <arpa/inet.h>

namespace xenlab::transport {

bool is_address(const std::string& host)
{
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

bool expect_host(X509_VERIFY_PARAM* wanted, const std::string& host)
{
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
    return !host.empty() && X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), 0) == 1;
}

TlsPeer inspect(X509_STORE_CTX* chain, const std::string& host)
{
    TlsPeer shown{.host = host, .certificate = {}, .sha256 = {}, .problem = {}};
    if (X509_verify_cert(chain) != 1)
        shown.problem = X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain));
    const Error out_of_memory(Errc::failed, "OpenSSL: out of memory");
    X509* leaf = X509_STORE_CTX_get0_cert(chain);
    unsigned char* der = nullptr;
    const int length = i2d_X509(leaf, &der);
    if (length <= 0)
        throw out_of_memory;
    const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(
        der, [](unsigned char* p) { OPENSSL_free(p); });
    const auto bytes = std::as_bytes(std::span(der, static_cast<std::size_t>(length)));
    shown.certificate.assign(bytes.begin(), bytes.end());
    std::array<unsigned char, 32> digest{};
    if (X509_digest(leaf, EVP_sha256(), digest.data(), nullptr) != 1)
        throw out_of_memory;
    shown.sha256 = bytes::to_hex(std::as_bytes(std::span(digest)));
    return shown;
}

} // namespace xenlab::transport
