// SPDX-License-Identifier: GPL-3.0-or-later
// Short HTTP requests to one server over a connection that is kept: what RPC needs.
#pragma once

#include <xenlab/base/error.hpp>
#include <xenlab/transport/channel.hpp>
#include <xenlab/transport/trust.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace xenlab::transport {

/// Header fields xapi reads are at most 1006 bytes with the request line (observed; from 1007 on it
/// answers 431 or resets), bodies at most 300 KiB (xapi http_limit_max_rpc_size).
inline constexpr std::size_t max_request_head = 1000;
inline constexpr std::size_t max_rpc_body = 307'200;

/// The connection broke after the request may have been carried out. Reading requests are simply
/// sent again by the client itself; for others the caller has to look what happened.
class RequestLost : public Error {
  public:
    using Error::Error;
};

struct HttpRequest {
    std::string url;
    std::string content_type = "text/xml";
    std::string user_agent = "xenlab";
    std::string_view body;
    bool replayable = false; ///< may be sent again when the connection breaks in the middle
    TimePoint deadline = no_deadline;
    /// Gets the body of a 2xx answer piece by piece; may throw, which ends the request.
    std::function<void(std::string_view)> on_body;
};

struct HttpReply {
    long status = 0;
    std::string content_type;
    std::string error_body; ///< the first 4 KiB of an answer that was not 2xx
    std::string redirect;   ///< where a 3xx answer points to
};

/// One connection, one thread at a time. Obeys https_proxy, ALL_PROXY and NO_PROXY as curl(1) does.
/// libcurl is loaded by the first request.
class HttpClient {
  public:
    /// `verifier` must outlive the client. Connecting may take `connect_timeout` at most.
    HttpClient(Verifier& verifier, std::chrono::milliseconds connect_timeout, std::stop_token stop);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// Follows no redirect. Throws Error: unreachable for name, connection and TLS trouble (what
    /// the verifier threw, when it did), timeout, interrupted, usage for a body over max_rpc_body;
    /// RequestLost{unreachable}. An answer of any status is returned.
    HttpReply post(const HttpRequest& request);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::transport
