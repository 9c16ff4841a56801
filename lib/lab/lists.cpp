// SPDX-License-Identifier: GPL-3.0-or-later
// Words: lists of them, globs, uuids.
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/lab/targets.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::lab {
namespace {

constexpr std::size_t max_list = 16U << 20U;

std::string read_list(const std::string& path, const std::stop_token& stop)
{
    const auto source = io::open_source(path, stop);
    std::string content;
    std::array<std::byte, 16384> buffer{};
    while (const std::size_t n = source->read(buffer)) {
        for (const std::byte b : std::span(buffer).first(n))
            content += static_cast<char>(b);
        if (content.size() > max_list)
            throw Error(Errc::usage,
                        fmt::format("{}: a list of more than {}", text::printable(path),
                                    text::human_size(max_list)));
    }
    return content;
}

std::string word_of(std::string_view line)
{
    if (line.find('\t') == std::string_view::npos)
        return std::string(line);
    const auto cells = text::split(line, '\t');
    for (const std::string_view cell : cells)
        if (is_uuid(cell))
            return std::string(cell);
    return std::string(cells.front());
}

void add_list(std::vector<std::string>& words, const std::string& content)
{
    const bool nul = content.find('\0') != std::string::npos;
    for (std::string_view line : text::split(content, nul ? '\0' : '\n')) {
        if (!nul) {
            if (line.ends_with('\r'))
                line.remove_suffix(1);
            if (line.empty() || line.starts_with('#'))
                continue;
            words.push_back(word_of(line));
        } else if (!line.empty()) {
            words.emplace_back(line);
        }
    }
}

} // namespace

std::vector<std::string> expand_lists(const std::vector<std::string>& words,
                                      const std::stop_token& stop)
{
    std::vector<std::string> all;
    for (const std::string& word : words) {
        if (word == "-")
            add_list(all, read_list("-", stop));
        else if (word.size() > 1 && word.starts_with('@'))
            add_list(all, read_list(word.substr(1), stop));
        else
            all.push_back(word);
    }
    return all;
}

bool is_uuid(std::string_view word) noexcept
{
    if (word.size() != 36)
        return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
        const char c = word[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

bool has_glob(std::string_view word) noexcept
{
    return word.find_first_of("*?[") != std::string_view::npos;
}

namespace {

using Character = std::optional<char32_t>;

/// "[a-z]" at the front of `pattern` (after the bracket): whether it holds `c`. The class is
/// removed; one that is not closed matches nothing.
bool match_class(std::string_view& pattern, Character c)
{
    const bool negated = pattern.starts_with('!') || pattern.starts_with('^');
    if (negated)
        pattern.remove_prefix(1);
    bool found = false;
    for (bool first = true; !pattern.empty(); first = false) {
        if (pattern.front() == ']' && !first) {
            pattern.remove_prefix(1);
            return c && found != negated;
        }
        const Character low = text::next_code_point(pattern);
        Character high = low;
        if (pattern.size() >= 2 && pattern.front() == '-' && pattern[1] != ']') {
            pattern.remove_prefix(1);
            high = text::next_code_point(pattern);
        }
        found = found || (c && low && high && *low <= *c && *c <= *high);
    }
    return false;
}

} // namespace

bool glob_match(std::string_view pattern, std::string_view text)
{
    // The last star seen, and the text it has swallowed so far: enough, as stars need no nesting.
    std::string_view star_pattern;
    std::string_view star_text;
    bool star = false;
    while (true) {
        std::string_view p = pattern;
        std::string_view t = text;
        bool matches = false;
        if (p.starts_with('*')) {
            star = true;
            star_pattern = pattern = p.substr(1);
            star_text = text;
            continue;
        }
        if (t.empty() && p.empty())
            return true;
        if (!t.empty() && !p.empty()) {
            const std::string_view before = t;
            const Character c = text::next_code_point(t);
            if (p.front() == '?') {
                p.remove_prefix(1);
                matches = true;
            } else if (p.front() == '[') {
                p.remove_prefix(1);
                matches = match_class(p, c);
            } else {
                if (p.front() == '\\' && p.size() > 1)
                    p.remove_prefix(1);
                const std::size_t length = before.size() - t.size();
                matches = p.substr(0, length) == before.substr(0, length);
                p.remove_prefix(std::min(length, p.size()));
            }
        }
        if (matches) {
            pattern = p;
            text = t;
        } else if (star && !star_text.empty()) {
            text::next_code_point(star_text);
            text = star_text;
            pattern = star_pattern;
        } else {
            return false;
        }
    }
}

} // namespace xenlab::lab
