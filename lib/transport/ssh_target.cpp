// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_names.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/ssh.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::transport {
namespace {

Error bad_target(std::string_view text, std::string_view why)
{
    return {Errc::usage, fmt::format("{}: {}", text::quoted(text), why),
            "a host is written [USER@]HOST[:PORT], an IPv6 address with a port [ADDRESS]:PORT"};
}

std::uint16_t port_of(std::string_view digits, std::string_view whole)
{
    const auto port = text::parse_u64(digits);
    if (!port || *port == 0 || *port > 65535)
        throw bad_target(whole, "the port is no number from 1 to 65535");
    return static_cast<std::uint16_t>(*port);
}

/// Takes "[v6]", "[v6]:22", "v6", "name" or "name:22" apart.
void set_address(SshTarget& target, std::string_view address, std::string_view whole)
{
    const auto colons = std::count(address.begin(), address.end(), ':');
    if (address.starts_with('[')) {
        const std::size_t end = address.find(']');
        if (end == std::string_view::npos)
            throw bad_target(whole, "the bracket is not closed");
        const std::string_view rest = address.substr(end + 1);
        if (!rest.empty() && rest.front() != ':')
            throw bad_target(whole, "there is more after the bracket than a port");
        if (!rest.empty())
            target.port = port_of(rest.substr(1), whole);
        address = address.substr(1, end - 1);
    } else if (colons == 1) {
        const std::size_t colon = address.find(':');
        target.port = port_of(address.substr(colon + 1), whole);
        address = address.substr(0, colon);
    }
    target.host = address;
}

} // namespace

// A name may end up in a ProxyCommand, where a shell reads it; the same characters are refused by
// OpenSSH (ssh.c, valid_hostname and valid_ruser, since 9.6).
bool is_safe_host(std::string_view host)
{
    return !host.empty() && host.front() != '-' &&
           std::all_of(host.begin(), host.end(), [](unsigned char c) {
               return c > ' ' && c != 0x7f &&
                      std::string_view("'`\"$\\;&<>|(){}").find(static_cast<char>(c)) ==
                          std::string_view::npos;
           });
}

bool is_safe_user(std::string_view user)
{
    return !user.empty() && user.front() != '-' && user.back() != '\\' &&
           std::all_of(user.begin(), user.end(), [](unsigned char c) {
               return c > ' ' && c != 0x7f &&
                      std::string_view("'`\";&<>|(){}").find(static_cast<char>(c)) ==
                          std::string_view::npos;
           });
}

SshTarget parse_ssh_target(std::string_view text)
{
    SshTarget target;
    std::string_view rest = text;
    if (rest.starts_with("ssh://"))
        rest.remove_prefix(6);
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        target.user = rest.substr(0, at);
        rest.remove_prefix(at + 1);
        if (!is_safe_user(target.user))
            throw bad_target(text, "not a user name");
    }
    set_address(target, rest, text);
    if (!is_safe_host(target.host))
        throw bad_target(text, "not a host name");
    return target;
}

std::string describe(const SshExit& exit)
{
    if (exit.status)
        return fmt::format("exit status {}", *exit.status);
    if (!exit.signal.empty())
        return fmt::format("killed by SIG{}", text::printable(exit.signal));
    return "ended without an exit status";
}

} // namespace xenlab::transport
