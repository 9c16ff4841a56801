// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/xapi/transfer.hpp>

#include <fmt/format.h>

#include <array>

namespace xenlab::xapi {

TransferTask::TransferTask(Session& session, const std::string& label,
                           const std::string& description)
    : session_(session),
      ref_(session.call("task.create", {xmlrpc::Value(label), xmlrpc::Value(description)})
               .as_scalar()
               .value_or(""))
{
}

TransferTask::~TransferTask()
{
    if (!owned_)
        return;
    const auto status = session_.clean_up("task.get_status", {Session::value(ref_)});
    if (status && status->as_scalar() == "pending")
        session_.clean_up("task.set_status", {Session::value(ref_), xmlrpc::Value("cancelled")});
    if (status)
        session_.clean_up("task.destroy", {Session::value(ref_)});
}

namespace {

constexpr int max_redirects = 3;
constexpr std::size_t max_page = 4096;

transport::HttpStream send(Session& session, const TransferRequest& request, const Endpoint& host,
                           transport::TimePoint deadline)
{
    // Query values with a comma are joined wrongly in a redirection (xapi.md 2); none of ours has
    // one. The session goes into the query because only that survives a redirection.
    std::string target =
        request.path + "?session_id=" + transport::encode_query(session.reference().reveal());
    if (request.task)
        target += "&task_id=" + transport::encode_query(request.task->str());
    for (const auto& [key, value] : request.query)
        target += fmt::format("&{}={}", key, transport::encode_query(value));
    transport::StreamRequest wire;
    wire.method = request.method;
    wire.host = host.host;
    wire.port = host.port;
    wire.tls = host.tls;
    wire.target = std::move(target);
    wire.content_length = request.content_length;
    wire.user_agent = session.options().user_agent;
    return transport::HttpStream::open(wire, session.verifier(), deadline, session.stop());
}

/// Where "Location: https://10.0.0.2/export?…" points to. Only the host is taken from it: path and
/// query are ours, so a hostile server cannot send the session elsewhere under another name.
Endpoint redirected(const std::string& location, const Endpoint& from)
{
    const std::size_t start = location.find("://");
    if (start == std::string::npos || !location.starts_with("http"))
        return from; // a path on the same host
    const std::string where =
        location.substr(start + 3, location.find_first_of("/?", start + 3) - (start + 3));
    Endpoint to = parse_endpoint(where);
    const bool has_port =
        where.find(':', where.find(']') == std::string::npos ? 0 : where.find(']')) !=
        std::string::npos;
    if (!has_port)
        to.port = from.port;
    to.tls = from.tls;
    return to;
}

std::string page_of(transport::HttpStream& stream, transport::TimePoint deadline)
{
    std::string page;
    std::array<std::byte, 1024> buffer{};
    try {
        while (page.size() < max_page) {
            const std::size_t n = stream.read(buffer, deadline);
            if (n == 0)
                break;
            for (const std::byte b : std::span(buffer).first(n))
                page += static_cast<char>(b);
        }
    } catch (const Error&) { // NOLINT(bugprone-empty-catch): what there is must do
    }
    bool tag = false; // of <html><body>…
    std::string words;
    for (const char c : page) {
        tag = c == '<' || (tag && c != '>');
        if (!tag && c != '>')
            words += c == '\n' ? ' ' : c;
        else if (c == '>' && !words.empty() && words.back() != ' ')
            words += ' ';
    }
    return std::string(text::trim(words));
}

} // namespace

transport::HttpStream open_transfer(Session& session, const TransferRequest& request,
                                    transport::TimePoint deadline)
{
    session.reference(); // logs in, which may move the coordinator
    return send(session, request, request.host.value_or(session.coordinator()), deadline);
}

OpenTransfer start_transfer(Session& session, TransferRequest request,
                            transport::TimePoint deadline)
{
    session.reference();
    Endpoint host = request.host.value_or(session.coordinator());
    for (int redirects = 0;; ++redirects) {
        transport::HttpStream stream = send(session, request, host, deadline);
        const transport::HttpHead& head = stream.read_head(deadline);
        if (head.status == 200)
            return {std::move(stream), host};
        const std::string where = text::printable(host.url());
        const std::string* location = head.find("location");
        if (location != nullptr &&
            (head.status == 302 || head.status == 301 || head.status == 307)) {
            if (redirects == max_redirects)
                throw Error(Errc::unreachable, fmt::format("{}: too many redirections", where));
            host = redirected(*location, host);
            continue;
        }
        const int status = head.status;
        const std::string words = page_of(stream, transport::deadline_in(std::chrono::seconds(2)));
        const Errc code = status == 401   ? Errc::unreachable
                          : status == 404 ? Errc::not_found
                                          : Errc::failed;
        throw Error(code,
                    words.empty()
                        ? fmt::format("{}: HTTP status {} for {}", where, status, request.path)
                        : fmt::format("{}: HTTP status {} for {}: {}", where, status, request.path,
                                      text::printable(words)));
    }
}

} // namespace xenlab::xapi
