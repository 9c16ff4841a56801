// SPDX-License-Identifier: GPL-3.0-or-later
// What a server's certificate says, out of OpenSSL's verification callback: shared by our own TLS
// channel and by libcurl's connections.
#pragma once

#include <xenlab/transport/tls_channel.hpp>

#include <openssl/ssl.h>

#include <string>

namespace xenlab::transport {

/// Tells OpenSSL what the certificate must be for. False for what is neither a name nor an address.
bool expect_host(X509_VERIFY_PARAM* wanted, const std::string& host);

/// True for a numeric IPv4 or IPv6 address.
bool is_address(const std::string& host);

/// Verifies the chain against the authorities of its context and describes the result.
TlsPeer inspect(X509_STORE_CTX* chain, const std::string& host);

} // namespace xenlab::transport
