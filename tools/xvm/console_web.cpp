// SPDX-License-Identifier: GPL-3.0-or-later
#include "console_web.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/transport/websocket.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace xvm {
namespace {

using namespace xenlab;
using transport::Channel;
using transport::HttpRefusal;
using transport::IncomingRequest;

constexpr std::chrono::seconds time_to_ask{10}, time_to_take{30};
constexpr std::string_view cookie_name = "xenlab";

std::string secret()
{
    std::array<std::byte, 32> bytes{};
    if (::getentropy(bytes.data(), bytes.size()) != 0)
        throw system_error(errno, "getentropy");
    return bytes::to_hex(bytes);
}

/// Takes the same time for all that is wrong, so that nobody finds out how much of it was right.
bool same_secret(std::string_view a, std::string_view b)
{
    unsigned different = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        different |= static_cast<unsigned>(a[i]) ^ static_cast<unsigned>(b[i]);
    volatile unsigned result = different; // so that the loop is not left early
    return result == 0;
}

std::string_view reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 303:
        return "See Other";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 421:
        return "Misdirected Request";
    case 426:
        return "Upgrade Required";
    case 431:
        return "Request Header Fields Too Large";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

/// The answer, and the end of the connection; a little patience, because closing with something
/// unread would take the answer away from the browser.
void send_answer(Channel& channel, int status, std::string_view fields, std::string_view body)
{
    const std::string head = fmt::format("HTTP/1.1 {} {}\r\n"
                                         "Connection: close\r\n"
                                         "Content-Length: {}\r\n"
                                         "Cache-Control: no-store\r\n"
                                         "Referrer-Policy: no-referrer\r\n"
                                         "X-Content-Type-Options: nosniff\r\n"
                                         "Cross-Origin-Resource-Policy: same-origin\r\n"
                                         "{}\r\n",
                                         status, reason(status), body.size(), fields);
    channel.write(std::as_bytes(std::span(head)), std::as_bytes(std::span(body)),
                  transport::deadline_in(time_to_take));
    transport::end_writing(channel, transport::deadline_in(time_to_take));
    const auto until = transport::deadline_in(std::chrono::seconds(1));
    std::array<std::byte, 4096> rest{};
    try {
        for (int pieces = 0; pieces < 64 && channel.read(rest, until) > 0; ++pieces) {
        }
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
    }
}

void refuse(Channel& channel, int status, std::string_view words)
{
    const std::string_view more =
        status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "";
    send_answer(channel, status, fmt::format("Content-Type: text/plain\r\n{}", more),
                fmt::format("{}\n", words));
}

/// "127.0.0.1:5800", where the connection has arrived.
std::string local_address(const io::Fd& peer)
{
    sockaddr_in address{};
    socklen_t length = sizeof address;
    std::array<char, INET_ADDRSTRLEN> text{};
    auto* generic = reinterpret_cast<sockaddr*>(&address); // NOLINT: the sockets API
    if (::getsockname(peer.get(), generic, &length) != 0 ||
        ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) == nullptr)
        throw system_error(errno, "a connection");
    return fmt::format("{}:{}", text.data(), ntohs(address.sin_port));
}

/// A page of somebody else whose name was made to lead here (DNS rebinding) says that name; and a
/// page of somebody else that uses our address says where it is from.
void check_origin(const IncomingRequest& request, const std::string& address)
{
    const std::string_view host = request.field("host"), origin = request.field("origin");
    const bool local = address.starts_with("127.");
    const bool named =
        local && host == fmt::format("localhost:{}", address.substr(address.find(':') + 1));
    if (host != address && !named)
        throw HttpRefusal(421, "this is not the server of that name");
    if (!origin.empty() && origin != fmt::format("http://{}", host))
        throw HttpRefusal(403, "a page of another server may not use this one");
}

} // namespace

ConsoleWeb::ConsoleWeb(Show show)
    : show_(std::move(show)), token_(secret()), folder_(secret()), cookie_(secret())
{
}

std::string ConsoleWeb::url(const Listener& listener) const
{
    std::string address = listener.address;
    if (address.starts_with("0.0.0.0:"))
        address.replace(0, 7, "127.0.0.1");
    return fmt::format("http://{}/?token={}", address, token_);
}

void ConsoleWeb::serve(io::Fd peer, Visitor& visitor)
{
    const std::string address = local_address(peer);
    auto channel =
        transport::socket_channel(std::move(peer), "the browser", visitor.stop.get_token());
    try {
        answer(channel, address, visitor);
    } catch (const HttpRefusal& refusal) {
        refuse(*channel, refusal.status(), refusal.what());
    }
}

void ConsoleWeb::answer(ChannelPtr& channel, const std::string& address, Visitor& visitor)
{
    const auto request = [&] {
        try {
            return transport::read_request(*channel, transport::deadline_in(time_to_ask));
        } catch (const Error& error) {
            if (error.code() == Errc::timeout)
                throw HttpRefusal(408, "no request in time");
            throw;
        }
    }();
    check_origin(request, address);
    if (request.method != "GET")
        throw HttpRefusal(405, "only GET");
    if (request.path == "/")
        return enter(channel, request);
    const std::string_view path = std::string_view(request.path).substr(1);
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos || !same_secret(path.substr(0, slash), folder_))
        throw HttpRefusal(404, "there is no such page");
    if (!is_ours(request))
        throw HttpRefusal(403, "this console belongs to another browser");
    visitor.known = true;
    const std::string_view name = path.substr(slash + 1);
    if (name == "websockify")
        show_console(channel, request, visitor);
    else
        send_file(channel, request, name);
}

void ConsoleWeb::enter(ChannelPtr& channel, const Request& request)
{
    static constexpr std::string_view key = "token=";
    const std::string_view query = request.query;
    if (!query.starts_with(key) || !same_secret(query.substr(key.size()), token_))
        throw HttpRefusal(403, "the address is not complete");
    {
        const std::lock_guard lock(spending_);
        if (std::exchange(spent_, true))
            throw HttpRefusal(403, "this address was used before; it is good for one browser. "
                                   "Start xvm console anew for another");
    }
    // The page asks for more than noVNC's defaults: to fit into the window, and a pointer, which
    // the console does not always draw.
    const std::string place = fmt::format(
        "/{0}/vnc.html?autoconnect=true&resize=scale&show_dot=true&path={0}/websockify", folder_);
    send_answer(*channel, 303,
                fmt::format("Location: {}\r\n"
                            "Set-Cookie: {}={}; Path=/{}/; HttpOnly; SameSite=Strict\r\n",
                            place, cookie_name, cookie_, folder_),
                "");
}

/// Whether it comes from the browser that has spent the token.
bool ConsoleWeb::is_ours(const Request& request) const
{
    for (const std::string_view each : text::split(request.field("cookie"), ';')) {
        const std::string_view pair = text::trim(each);
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == cookie_name &&
            same_secret(pair.substr(equals + 1), cookie_))
            return true;
    }
    return false;
}

void ConsoleWeb::show_console(ChannelPtr& channel, const Request& request, Visitor& visitor)
{
    if (request.field("origin").empty())
        throw HttpRefusal(403, "a WebSocket of no page");
    auto socket =
        transport::accept_websocket(channel, request, transport::deadline_in(time_to_take));
    {
        const std::lock_guard lock(naming_);
        shown_.request_stop();
        shown_ = visitor.stop;
    }
    const std::lock_guard lock(showing_); // until the one before has let go
    show_(std::move(socket), visitor.stop.get_token());
}

void ConsoleWeb::send_file(ChannelPtr& channel, const Request& request, std::string_view name)
{
    const auto file = files_.find(name);
    if (!file)
        throw HttpRefusal(404, "there is no such file");
    send_answer(*channel, 200,
                fmt::format("Content-Type: {}\r\n"
                            "Content-Security-Policy: default-src 'self'; img-src 'self' data: "
                            "blob:; connect-src 'self' ws://{}; object-src 'none'; base-uri "
                            "'none'; form-action 'none'; frame-ancestors 'none'\r\n",
                            file->type, request.field("host")),
                file->content);
}

} // namespace xvm
