// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/transport/trust.hpp>
#include <xenlab/xapi/session.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::xapi {

std::string Endpoint::url() const
{
    const std::string scheme = tls ? "https://" : "http://";
    const std::string where = transport::authority(host, port);
    const std::string usual = tls ? ":443" : ":80";
    return scheme + (where.ends_with(usual) && port == (tls ? 443 : 80)
                         ? where.substr(0, where.size() - usual.size())
                         : where);
}

Endpoint parse_endpoint(std::string_view text)
{
    Endpoint endpoint;
    const Error wrong(Errc::usage, fmt::format("{} is not a host", text::quoted(text)),
                      "give HOST, HOST:PORT, [IPV6]:PORT or https://HOST");
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        throw Error(Errc::usage, fmt::format("{} is not encrypted", text::quoted(text)),
                    "passwords are only sent over https");
    }
    if (rest.ends_with('/'))
        rest.remove_suffix(1);
    const std::size_t colons = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), ':'));
    std::string_view port;
    if (rest.starts_with('[')) {
        const std::size_t end = rest.find(']');
        if (end == std::string_view::npos)
            throw wrong;
        port = rest.substr(end + 1);
        rest = rest.substr(1, end - 1);
        if (!port.empty() && !port.starts_with(':'))
            throw wrong;
        if (!port.empty())
            port.remove_prefix(1);
    } else if (colons == 1) {
        port = rest.substr(rest.find(':') + 1);
        rest = rest.substr(0, rest.find(':'));
    }
    endpoint.host = std::string(rest);
    const bool odd = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789.-_:%") != std::string_view::npos;
    if (rest.empty() || odd || rest.starts_with('-'))
        throw wrong;
    if (!port.empty()) {
        const auto number = text::parse_u64(port);
        if (!number || *number == 0 || *number > 65535)
            throw wrong;
        endpoint.port = static_cast<std::uint16_t>(*number);
    }
    return endpoint;
}

} // namespace xenlab::xapi
