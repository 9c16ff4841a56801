// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/transport/incoming_request.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::transport {
namespace {

constexpr std::size_t most_fields = 100;

[[noreturn]] void bad(const char* what)
{
    throw HttpRefusal(400, fmt::format("a request with {}", what));
}

bool printable(char c)
{
    return c > ' ' && c <= '~';
}

/// RFC 9110 5.6.2
bool token_char(char c)
{
    static constexpr std::string_view separators{"\"(),/:;<=>?@[\\]{}"};
    return printable(c) && separators.find(c) == std::string_view::npos;
}

void read_line(IncomingRequest& request, std::string_view line)
{
    const auto words = text::split(line, ' ');
    if (words.size() != 3 || words[0].empty() ||
        !std::all_of(words[0].begin(), words[0].end(), token_char))
        bad("an odd first line");
    if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0")
        throw HttpRefusal(505, "a request that is not HTTP/1.1");
    const std::string_view target = words[1];
    if (!target.starts_with('/') || !std::all_of(target.begin(), target.end(), printable))
        bad("an odd target");
    request.method = words[0];
    const std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos)
        request.query = target.substr(mark + 1);
}

void read_field(IncomingRequest& request, std::string_view line)
{
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() ||
        !std::all_of(name.begin(), name.end(), token_char))
        bad("an odd field"); // a folded one, too
    const std::string_view value = text::trim(line.substr(colon + 1));
    if (!std::all_of(value.begin(), value.end(),
                     [](char c) { return printable(c) || c == ' ' || c == '\t'; }))
        bad("an odd field");
    if (request.fields.size() == most_fields)
        throw HttpRefusal(431, "a request with too many fields");
    request.fields.emplace_back(text::to_lower(name), value);
}

} // namespace

std::string_view IncomingRequest::field(std::string_view name) const
{
    const auto named = [&](const auto& entry) { return entry.first == name; };
    const auto first = std::find_if(fields.begin(), fields.end(), named);
    if (first == fields.end())
        return {};
    if (std::any_of(std::next(first), fields.end(), named))
        bad("a field twice");
    return first->second;
}

bool IncomingRequest::lists(std::string_view name, std::string_view word) const
{
    const auto words = text::split(field(name), ',');
    return std::any_of(words.begin(), words.end(), [&](std::string_view each) {
        return text::to_lower(text::trim(each)) == word;
    });
}

IncomingRequest parse_request(std::string_view head)
{
    IncomingRequest request;
    bool first = true;
    for (std::string_view line : text::split(head, '\n')) {
        if (!head.empty() && line.data() + line.size() != head.data() + head.size()) {
            if (!line.ends_with('\r'))
                bad("a line that ends oddly");
            line.remove_suffix(1);
        }
        if (std::exchange(first, false))
            read_line(request, line);
        else
            read_field(request, line);
    }
    return request;
}

IncomingRequest read_request(Channel& channel, TimePoint deadline)
{
    static constexpr std::string_view end{"\r\n\r\n"};
    std::string text;
    std::array<std::byte, 2048> buffer{};
    for (;;) {
        const std::size_t n = channel.read(buffer, deadline);
        if (n == 0)
            throw Error(Errc::unreachable, fmt::format("{}: has gone", channel.peer()));
        const std::size_t seen = text.size() - std::min(text.size(), end.size());
        std::transform(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n),
                       std::back_inserter(text), [](std::byte b) { return static_cast<char>(b); });
        const std::size_t found = text.find(end, seen);
        if (std::min(found, text.size()) > longest_request)
            throw HttpRefusal(431, fmt::format("a request of more than {} bytes", longest_request));
        if (found == std::string::npos)
            continue;
        if (found + end.size() != text.size())
            bad("more behind its end");
        return parse_request(std::string_view(text).substr(0, found));
    }
}

} // namespace xenlab::transport
