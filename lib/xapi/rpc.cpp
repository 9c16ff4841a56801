// SPDX-License-Identifier: GPL-3.0-or-later
#include "rpc.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/xmlrpc/message.hpp>
#include <xenlab/xmlrpc/slicer.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::xapi {
namespace {

constexpr std::size_t max_body = 300U
                                 << 10U; // xapi answers longer calls with status 500 (observed)
constexpr std::size_t max_answer = 64U << 20U; // of calls that are not streamed
constexpr std::size_t max_record = 4U
                                   << 20U; // a pool with hundreds of hosts has large pool records

Fault fault_of(std::string_view method, const xmlrpc::Value* description)
{
    std::vector<std::string> words;
    if (const auto* items = description == nullptr ? nullptr : description->if_array())
        for (const xmlrpc::Value& item : *items)
            words.push_back(item.as_scalar().value_or(""));
    if (words.empty())
        words.emplace_back("INTERNAL_ERROR");
    std::string code = std::move(words.front());
    words.erase(words.begin());
    return {method, std::move(code), std::move(words)};
}

/// `{Status, Value}` or `{Status, ErrorDescription}`; system.listMethods answers without
/// (observed).
xmlrpc::Value unwrap(std::string_view method, xmlrpc::Response response)
{
    if (response.fault) {
        const xmlrpc::Value* words = response.value.find("faultString");
        throw Fault(method, "INTERNAL_ERROR",
                    {words == nullptr ? std::string() : words->as_scalar().value_or("")});
    }
    const xmlrpc::Value* status = response.value.find("Status");
    if (status == nullptr)
        return std::move(response.value);
    const xmlrpc::Value* value = response.value.find("Value");
    if (status->as_scalar() == "Success" && value != nullptr)
        return *value;
    throw fault_of(method, response.value.find("ErrorDescription"));
}

/// A proxy or another web server answers with pages where xapi answers with XML.
class Sniffer {
  public:
    explicit Sniffer(const Endpoint& host) : host_(host) {}
    void operator()(std::string_view piece)
    {
        if (seen_ || text::trim(piece).empty())
            return;
        seen_ = true;
        const std::string_view front = text::trim(piece);
        if (front.starts_with('<') &&
            !text::to_lower(front.substr(0, 16)).starts_with("<!doctype") &&
            !text::to_lower(front.substr(0, 16)).starts_with("<html"))
            return;
        throw NotXapi(Errc::unreachable,
                      fmt::format("{}: the answer is not XML-RPC but {}",
                                  text::printable(host_.url()), text::quoted(front, 40)),
                      "is this the address of a XenServer or XCP-ng host?");
    }

  private:
    const Endpoint& host_;
    bool seen_ = false;
};

Error status_error(const Endpoint& host, const transport::HttpReply& reply)
{
    const std::string where = text::printable(host.url());
    if (!reply.redirect.empty())
        throw NotXapi(
            Errc::unreachable,
            fmt::format("{}: the server sends us to {}", where, text::printable(reply.redirect)),
            "use that address if you trust it; xapi itself never redirects calls");
    const bool gateway = reply.status == 404 || (reply.status >= 502 && reply.status <= 504);
    return {gateway || reply.status == 401 || reply.status == 403 ? Errc::unreachable
                                                                  : Errc::failed,
            fmt::format("{}: the server answered with HTTP status {}", where, reply.status),
            gateway ? "is this the address of a XenServer or XCP-ng host?" : ""};
}

} // namespace

Rpc::Rpc(const SessionOptions& options, transport::Verifier& verifier, std::stop_token stop,
         std::atomic<std::uint64_t>& requests)
    : user_agent_(options.user_agent), requests_(requests),
      http_(verifier, options.connect_timeout, std::move(stop))
{
}

void Rpc::post(const Call& call, const std::function<void(std::string_view)>& on_body)
{
    const std::string body = xmlrpc::encode_call(call.method, call.params);
    if (body.size() > max_body)
        throw Error(Errc::usage, fmt::format("{}: a call of {} bytes, and the server takes {}",
                                             call.method, body.size(), max_body));
    Sniffer sniff(call.host);
    transport::HttpRequest request;
    request.url = call.host.url() + "/";
    request.user_agent = user_agent_;
    request.body = body;
    request.replayable = call.replayable;
    request.deadline = call.deadline;
    request.on_body = [&](std::string_view piece) {
        sniff(piece);
        on_body(piece);
    };
    requests_.fetch_add(1, std::memory_order_relaxed);
    const transport::HttpReply reply = http_.post(request);
    if (reply.status < 200 || reply.status > 299)
        throw status_error(call.host, reply);
}

xmlrpc::Value Rpc::call(const Call& call)
{
    std::string answer;
    post(call, [&](std::string_view piece) {
        if (answer.size() + piece.size() > max_answer)
            throw Error(Errc::bad_data, fmt::format("{}: an answer of more than {}", call.method,
                                                    text::human_size(max_answer)));
        answer += piece;
    });
    xmlrpc::Response response;
    try {
        response = xmlrpc::decode_response(answer);
    } catch (const Error& error) {
        throw error.within(text::printable(call.host.url()));
    }
    return unwrap(call.method, std::move(response));
}

void Rpc::stream(const Call& call,
                 const std::function<void(std::string, const xmlrpc::Value&)>& record)
{
    xmlrpc::Array description;
    bool failed = false;
    xmlrpc::Slicer slicer(
        [&](std::string_view member, std::string_view key, const xmlrpc::Value& value) {
            if (member == "Value" && !key.empty())
                record(std::string(key), value);
            else if (member == "Status")
                failed = value.as_scalar() != "Success";
            else if (member == "ErrorDescription")
                description.push_back(value);
            else if (member == "faultString")
                throw Fault(call.method, "INTERNAL_ERROR", {value.as_scalar().value_or("")});
        },
        max_record);
    post(call, [&](std::string_view piece) { slicer.feed(piece); });
    try {
        slicer.finish();
    } catch (const Error& error) {
        throw error.within(text::printable(call.host.url()));
    }
    if (failed) {
        const xmlrpc::Value words{std::move(description)};
        throw fault_of(call.method, &words);
    }
}

} // namespace xenlab::xapi
