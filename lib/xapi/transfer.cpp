// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/xapi/transfer.hpp>

#include <fmt/format.h>

#include <array>
#include <thread>

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
    auto status = session_.clean_up("task.get_status", {Session::value(ref_)});
    if (begun_ && status && status->as_scalar() == "pending") {
        session_.clean_up("task.cancel", {Session::value(ref_)});
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(3);
        while (status && status->as_scalar() == "pending" &&
               std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            status = session_.clean_up("task.get_status", {Session::value(ref_)});
        }
    }
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
    return transport::HttpStream::open(wire, session.verifier(), deadline,
                                       request.stop.value_or(session.stop()));
}

/// The part of "Location: https://10.0.0.2/export?…" that names the server; empty for a path on the
/// same one. Path and query are ours, whatever the location says.
std::string location_host(const std::string& location)
{
    const std::size_t start = location.find("://");
    if (start == std::string::npos || !location.starts_with("http"))
        return {};
    return location.substr(start + 3, location.find_first_of("/?", start + 3) - (start + 3));
}

/// The coordinator is trusted, so what it says about the certificate of a member is, too.
void introduce(Session& session, const Object<Host>& member)
{
    try {
        for (const auto& certificate : session.get_all<Certificate>()) {
            const auto pin = transport::parse_pin(certificate.record.fingerprint);
            if (pin && certificate.record.type == "host" && certificate.record.host == member.ref)
                session.verifier().introduce(member.record.address, session.coordinator().port,
                                             *pin);
        }
    } catch (const Fault&) { // NOLINT(bugprone-empty-catch): an old host has no such class
    }
}

/// The request carries the session: whoever gets it is the user. So a redirection is only followed
/// to a member of the pool, and at the port where its API is.
Endpoint redirected(Session& session, const std::string& location, const Endpoint& from)
{
    const std::string where = location_host(location);
    if (where.empty())
        return from;
    const Endpoint coordinator = session.coordinator();
    const Error refused(Errc::unreachable,
                        fmt::format("{} redirects to {}, which is no host of the pool",
                                    text::printable(from.url()), text::quoted(where)),
                        "the session is not sent there");
    std::string host;
    try {
        const Endpoint to = parse_endpoint(where);
        const bool named = where.ends_with(fmt::format(":{}", to.port));
        if (named && to.port != coordinator.port)
            throw refused;
        host = text::to_lower(to.host);
    } catch (const Error&) { // not even a host
        throw refused;
    }
    if (host == text::to_lower(coordinator.host))
        return coordinator;
    const auto hosts = session.get_all<Host>();
    for (const auto& member : hosts) {
        if (text::to_lower(member.record.address) != host)
            continue;
        if (hosts.size() == 1) // the coordinator, whose address may not be reachable from here
            return coordinator;
        introduce(session, member);
        return {.host = member.record.address, .port = coordinator.port, .tls = coordinator.tls};
    }
    throw refused;
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
            host = redirected(session, *location, host);
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
