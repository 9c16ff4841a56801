// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/checked.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/nbd/uri.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::nbd {
namespace {

struct Scheme {
    std::string_view prefix;
    bool tls;
    bool unix_socket;
};
constexpr std::array<Scheme, 3> schemes{{
    {.prefix = "nbd://", .tls = false, .unix_socket = false},
    {.prefix = "nbds://", .tls = true, .unix_socket = false},
    {.prefix = "nbd+unix://", .tls = false, .unix_socket = true},
}};

[[noreturn]] void refuse(std::string_view why)
{
    throw Error(Errc::usage, fmt::format("not an NBD address: {}", why),
                "write nbd://HOST[:PORT][/EXPORT], nbds://... or nbd+unix:///[EXPORT]?socket=PATH");
}

std::string decoded(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const auto byte = bytes::from_hex(text.substr(i + 1, 2));
        if (!byte || byte->size() != 1 || byte->front() == std::byte{0})
            refuse("a % that is not followed by two hexadecimal digits");
        out += static_cast<char>(byte->front());
        i += 2;
    }
    return out;
}

void take_authority(std::string_view authority, Uri& uri)
{
    if (authority.find('@') != std::string_view::npos)
        refuse("NBD knows no user names");
    std::string_view port;
    bool has_port = false;
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos)
            refuse("a [ without a ]");
        uri.host = std::string(authority.substr(1, close - 1));
        port = authority.substr(close + 1);
        has_port = !port.empty();
        if (has_port && !port.starts_with(':'))
            refuse("something after the ]");
        port = port.substr(has_port ? 1 : 0);
    } else {
        const std::size_t colon = authority.find(':');
        has_port = colon != std::string_view::npos;
        uri.host = decoded(authority.substr(0, colon));
        port = has_port ? authority.substr(colon + 1) : std::string_view();
    }
    if (uri.host.empty())
        refuse("no host");
    if (!has_port || port.empty()) // "host:" is valid (RFC 3986, section 3.2.3)
        return;
    const auto number = text::parse_u64(port);
    const auto fits = number ? bytes::checked_int<std::uint16_t>(*number) : std::nullopt;
    if (!fits || *fits == 0)
        refuse("a port is a number from 1 to 65535");
    uri.port = *fits;
}

void take_query(std::string_view query, Uri& uri)
{
    for (const std::string_view parameter : text::split(query, '&')) {
        const std::size_t equals = parameter.find('=');
        if (parameter.substr(0, equals) != "socket" || equals == std::string_view::npos)
            refuse(fmt::format("unknown parameter {}", text::quoted(parameter.substr(0, equals))));
        uri.socket = decoded(parameter.substr(equals + 1));
    }
}

} // namespace

bool is_uri(std::string_view text) noexcept
{
    return std::ranges::any_of(schemes,
                               [&](const Scheme& one) { return text.starts_with(one.prefix); });
}

Uri parse_uri(std::string_view text)
{
    const auto scheme = std::ranges::find_if(
        schemes, [&](const Scheme& one) { return text.starts_with(one.prefix); });
    if (scheme == schemes.end())
        refuse("unknown scheme");
    std::string_view rest = text.substr(scheme->prefix.size());
    if (rest.find('#') != std::string_view::npos)
        refuse("a # must be written %23");
    Uri uri{.tls = scheme->tls};
    const std::size_t question = rest.find('?');
    if (question != std::string_view::npos) {
        if (!scheme->unix_socket)
            refuse("a ? in the export's name must be written %3F");
        take_query(rest.substr(question + 1), uri);
        rest = rest.substr(0, question);
    }
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos)
        uri.export_name = decoded(rest.substr(slash + 1));
    if (uri.export_name.size() > proto::max_string)
        refuse("the export's name has more than 4096 bytes");
    const std::string_view authority = rest.substr(0, slash);
    if (!scheme->unix_socket)
        take_authority(authority, uri);
    else if (!authority.empty() || uri.socket.empty())
        refuse(authority.empty() ? "no socket=PATH" : "a unix socket has no host");
    return uri;
}

std::string shown_export(std::string_view name)
{
    return text::quoted(name.substr(0, name.find('?')));
}

} // namespace xenlab::nbd
