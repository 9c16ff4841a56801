// SPDX-License-Identifier: GPL-3.0-or-later
// Which machines: words of a user, the clients that a server knows, and how the two meet.
//
//   10.0.0.5   10.0.0.5-20   10.0.0.5-10.0.1.20   pc101 (dhcpd.conf)   52:54:00:aa:bb:cc   @GROUP
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::drbl {

/// One machine that the server's dhcpd.conf knows. Without a host block (a dynamic range) name and
/// mac are empty.
struct Client {
    std::string name, ip, mac;
    bool operator==(const Client&) const = default;
};

struct Group {
    std::string name;
    std::vector<std::string> members; ///< IP addresses or MAC addresses
};

struct Clients {
    std::vector<Client> list; ///< by IP address
    std::vector<Group> groups;
};

struct TargetWord {
    enum class Kind { ip, mac, name, group } kind = Kind::ip;
    std::string text; ///< normalized
    bool operator==(const TargetWord&) const = default;
};

/// Words separated by commas and blanks; ranges become their addresses. Throws Error{usage} for
/// anything else, for ranges that run backwards and for more than `max_targets` in all.
std::vector<TargetWord> parse_targets(std::string_view text);
inline constexpr std::size_t max_targets = 4096;

/// The MAC addresses in a list: a line each, of TSV rows the cells that are addresses. Lines that
/// begin with # and empty lines do not count. Throws Error{usage} naming the line without one.
std::vector<TargetWord> parse_mac_list(std::string_view text, std::string_view name);

/// Without a server only addresses can be used; Error{usage} otherwise.
std::vector<std::string> addresses_of(const std::vector<TargetWord>& words);

/// The machines meant, in the order of the words, each once. Throws Error{not_found} for what the
/// server does not know, all such words in one message.
std::vector<Client> resolve(const std::vector<TargetWord>& words, const Clients& known);

} // namespace xenlab::drbl
