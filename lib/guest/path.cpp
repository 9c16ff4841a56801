// SPDX-License-Identifier: GPL-3.0-or-later
#include "path.hpp"

#include <xenlab/base/utf8.hpp>
#include <xenlab/fs/filesystem.hpp>

#include <algorithm>
#include <cctype>
#include <optional>

namespace xenlab::guest {
namespace {

char32_t take(std::string_view& text)
{
    const auto before = static_cast<unsigned char>(text.front());
    // Bytes that are not UTF-8 are compared as they are.
    return text::next_code_point(text).value_or(0x110000U + before);
}

bool same(char32_t a, char32_t b, bool fold)
{
    if (a == b)
        return true;
    std::string x, y;
    if (!fold || a >= 0x110000 || b >= 0x110000)
        return false;
    text::append_utf8(x, a);
    text::append_utf8(y, b);
    return fs::same_name_folded(x, y);
}

/// The class behind "[", or nothing when it has no end.
std::optional<bool> in_class(std::string_view& pattern, char32_t c)
{
    std::string_view rest = pattern;
    const bool inverted = rest.starts_with('!') || rest.starts_with('^');
    if (inverted)
        rest.remove_prefix(1);
    bool found = false;
    for (bool first = true; !rest.empty(); first = false) {
        char32_t low = take(rest);
        if (low == ']' && !first) {
            pattern = rest;
            return found != inverted;
        }
        if (low == '\\' && !rest.empty())
            low = take(rest);
        char32_t high = low;
        if (rest.size() >= 2 && rest[0] == '-' && rest[1] != ']') {
            rest.remove_prefix(1);
            high = take(rest);
        }
        found = found || (c >= low && c <= high);
    }
    return std::nullopt;
}

} // namespace

std::deque<std::string> split_path(std::string_view path)
{
    std::deque<std::string> parts;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view part = path.substr(0, end);
        if (!part.empty() && part != ".")
            parts.emplace_back(part);
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return parts;
}

bool has_pattern(std::string_view name) noexcept
{
    return name.find_first_of("*?[") != std::string_view::npos;
}

bool starts_with_letter(std::string_view path) noexcept
{
    return path.size() >= 2 && path[1] == ':' &&
           std::isalpha(static_cast<unsigned char>(path[0])) != 0;
}

bool matches(std::string_view pattern, std::string_view name, bool fold)
{
    if (name.starts_with('.') && !pattern.starts_with('.'))
        return false;
    // Going back is needed to the last star only.
    std::optional<std::pair<std::string_view, std::string_view>> star;
    for (;;) {
        bool good = false;
        if (pattern.starts_with('*')) {
            pattern.remove_prefix(1);
            star = {pattern, name};
            continue;
        }
        if (pattern.empty() && name.empty())
            return true;
        if (!pattern.empty() && !name.empty()) {
            const char32_t c = take(name);
            char32_t p = take(pattern);
            std::optional<bool> listed;
            if (p == '[')
                listed = in_class(pattern, c);
            if (p == '\\' && !pattern.empty()) {
                p = take(pattern);
                good = same(p, c, fold);
            } else {
                good = listed ? *listed : p == '?' || same(p, c, fold);
            }
        }
        if (good)
            continue;
        if (!star || star->second.empty())
            return false;
        take(star->second);
        pattern = star->first;
        name = star->second;
    }
}

} // namespace xenlab::guest
