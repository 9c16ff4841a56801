// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/drbl/targets.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace xenlab::drbl {
namespace {

using Kind = TargetWord::Kind;

/// The words between blanks, commas and line ends.
std::vector<std::string_view> cells(std::string_view text)
{
    std::vector<std::string_view> found;
    while (!text.empty()) {
        const std::size_t begin = text.find_first_not_of(" ,\t\r\n");
        if (begin == std::string_view::npos)
            break;
        const std::size_t end = std::min(text.find_first_of(" ,\t\r\n", begin), text.size());
        found.push_back(text.substr(begin, end - begin));
        text.remove_prefix(end);
    }
    return found;
}

struct Range {
    std::uint32_t first = 0, last = 0;
};

/// "10.0.0.5-20" and "10.0.0.5-10.0.1.20".
std::optional<Range> parse_range(std::string_view word)
{
    const std::size_t dash = word.find('-');
    if (dash == std::string_view::npos)
        return std::nullopt;
    const auto first = parse_ipv4(word.substr(0, dash));
    const std::string_view rest = word.substr(dash + 1);
    if (!first)
        return std::nullopt;
    if (const auto last = parse_ipv4(rest))
        return Range{*first, *last};
    const auto number = text::parse_u64(rest);
    if (!number || *number > 255)
        return std::nullopt;
    return Range{*first, (*first & ~255U) | static_cast<std::uint32_t>(*number)};
}

[[noreturn]] void too_many()
{
    throw Error(Errc::usage, fmt::format("more than {} clients are named", max_targets));
}

void add_word(std::vector<TargetWord>& words, std::string_view word)
{
    if (const auto range = parse_range(word)) {
        if (range->last < range->first)
            throw Error(Errc::usage, fmt::format("range runs backwards: {}", text::quoted(word)));
        if (range->last - range->first >= max_targets)
            too_many();
        for (std::uint32_t a = range->first; a <= range->last; ++a) {
            words.push_back({Kind::ip, format_ipv4(a)});
            if (a == UINT32_MAX)
                break;
        }
    } else if (parse_ipv4(word)) {
        words.push_back({Kind::ip, std::string(word)});
    } else if (const auto mac = parse_mac(word)) {
        words.push_back({Kind::mac, *mac});
    } else if (word.starts_with('@') && is_group_name(word.substr(1))) {
        words.push_back({Kind::group, std::string(word.substr(1))});
    } else if (is_host_name(word) && word.find_first_not_of("0123456789.-") != word.npos) {
        words.push_back({Kind::name, std::string(word)});
    } else {
        throw Error(Errc::usage, fmt::format("names no client: {}", text::quoted(word)),
                    "an IP address, a range such as 10.0.0.5-20, a MAC address, a host name of "
                    "the server's dhcpd.conf, or @GROUP");
    }
    if (words.size() > max_targets)
        too_many();
}

/// Collects what is found, each machine once, and what is not.
class Resolver {
  public:
    explicit Resolver(const Clients& known) : known_(known) {}

    void add(const TargetWord& word)
    {
        if (word.kind == Kind::group) {
            add_group(word.text);
            return;
        }
        const auto& list = known_.list;
        const auto it = std::find_if(list.begin(), list.end(), [&](const Client& client) {
            return word.text == (word.kind == Kind::ip    ? client.ip
                                 : word.kind == Kind::mac ? client.mac
                                                          : client.name);
        });
        if (it == list.end())
            unknown_.push_back(word.text);
        else if (std::find(found_.begin(), found_.end(), *it) == found_.end())
            found_.push_back(*it);
    }

    std::vector<Client> take()
    {
        if (!unknown_.empty())
            throw Error(
                Errc::not_found,
                fmt::format(
                    "the server knows no client {}{}",
                    fmt::join(unknown_.begin(),
                              unknown_.begin() + static_cast<std::ptrdiff_t>(
                                                     std::min<std::size_t>(unknown_.size(), 5)),
                              ", "),
                    unknown_.size() > 5 ? fmt::format(" and {} more", unknown_.size() - 5) : ""),
                hint());
        return std::move(found_);
    }

  private:
    void add_group(const std::string& name)
    {
        const auto it = std::find_if(known_.groups.begin(), known_.groups.end(),
                                     [&](const Group& group) { return group.name == name; });
        if (it == known_.groups.end()) {
            unknown_.push_back("@" + name);
            return;
        }
        for (const std::string& member : it->members) {
            if (parse_ipv4(member))
                add({Kind::ip, member});
            else if (const auto mac = parse_mac(member))
                add({Kind::mac, *mac});
            else
                unknown_.push_back(text::printable(member));
        }
    }

    std::string hint() const
    {
        std::vector<std::string> names;
        for (const Client& client : known_.list)
            if (!client.name.empty())
                names.push_back(client.name);
        for (const Group& group : known_.groups)
            names.push_back("@" + group.name);
        if (const auto near = text::nearest(unknown_.front(), names))
            return fmt::format("did you mean {}?", *near);
        return "drbl-deploy clients ls shows those that it knows";
    }

    const Clients& known_;
    std::vector<Client> found_;
    std::vector<std::string> unknown_;
};

} // namespace

std::vector<TargetWord> parse_targets(std::string_view text)
{
    std::vector<TargetWord> words;
    for (const std::string_view cell : cells(text))
        add_word(words, cell);
    return words;
}

std::vector<TargetWord> parse_mac_list(std::string_view text, std::string_view name)
{
    std::vector<TargetWord> words;
    std::size_t number = 0;
    for (const std::string_view line : text::split(text, '\n')) {
        ++number;
        const auto row = cells(line);
        if (row.empty() || row.front().starts_with('#'))
            continue;
        const std::size_t before = words.size();
        for (const std::string_view cell : row)
            if (const auto mac = parse_mac(cell))
                words.push_back({Kind::mac, *mac});
        if (words.size() == before)
            throw Error(Errc::usage,
                        fmt::format("{}: line {}: no MAC address in {}", text::printable(name),
                                    number, text::quoted(line)));
        if (words.size() > max_targets)
            too_many();
    }
    return words;
}

std::vector<std::string> addresses_of(const std::vector<TargetWord>& words)
{
    std::vector<std::string> addresses;
    for (const TargetWord& word : words) {
        if (word.kind != Kind::ip)
            throw Error(Errc::usage,
                        fmt::format("only the server knows which address {} has", word.text),
                        "name it with --server");
        if (std::find(addresses.begin(), addresses.end(), word.text) == addresses.end())
            addresses.push_back(word.text);
    }
    return addresses;
}

std::vector<Client> resolve(const std::vector<TargetWord>& words, const Clients& known)
{
    Resolver resolver(known);
    for (const TargetWord& word : words)
        resolver.add(word);
    return resolver.take();
}

} // namespace xenlab::drbl
