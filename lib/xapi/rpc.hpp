// SPDX-License-Identifier: GPL-3.0-or-later
// One connection that speaks XML-RPC to one host, without any idea of sessions.
#pragma once

#include <xenlab/base/error.hpp>
#include <xenlab/transport/http_client.hpp>
#include <xenlab/xapi/session.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace xenlab::xapi {

/// The answer of something else than xapi, of a web server or a proxy: to wait does not help.
class NotXapi : public Error {
  public:
    using Error::Error;
};

/// One thread at a time.
class Rpc {
  public:
    /// Both references must outlive it; `requests` is counted up.
    Rpc(const SessionOptions& options, transport::Verifier& verifier, std::stop_token stop,
        std::atomic<std::uint64_t>& requests);

    struct Call {
        const Endpoint& host;
        std::string_view method;
        const xmlrpc::Array& params;
        bool replayable = false;
        transport::TimePoint deadline;
    };
    /// Throws Fault, transport's errors, Error{bad_data}.
    xmlrpc::Value call(const Call& call);

    /// For answers that are one struct of records: each as it arrives.
    void stream(const Call& call,
                const std::function<void(std::string ref, const xmlrpc::Value&)>& record);

  private:
    void post(const Call& call, const std::function<void(std::string_view)>& on_body);

    std::string user_agent_;
    std::atomic<std::uint64_t>& requests_;
    transport::HttpClient http_;
};

} // namespace xenlab::xapi
