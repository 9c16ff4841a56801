// SPDX-License-Identifier: GPL-3.0-or-later
// The body of an http(s) URL as a ByteSource.
#pragma once

#include <xenlab/io/byte_source.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

namespace xenlab::transport {

struct HttpOptions {
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds silence_timeout{60'000}; ///< no byte for that long
    int max_redirects = 5;
};

/// Starts the download; certificates are verified against the system's authorities, credentials
/// come from
/// ~/.netrc. Throws Error: not_found for 404 and 410, unreachable for connection, TLS and login
/// failures, timeout, failed for other statuses. read() throws StreamError{truncated} when the body
/// ends before its Content-Length. Destroying it closes the connection at once.
std::unique_ptr<io::ByteSource> open_http(const std::string& url, const HttpOptions& options,
                                          std::stop_token stop);

/// The URL without user and password, safe to show.
std::string without_credentials(const std::string& url);

} // namespace xenlab::transport
