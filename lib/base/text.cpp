// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>

namespace xenlab::text {
namespace {

bool is_direction_override(char32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool is_control(char32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

void append_escaped(std::string& out, std::string_view raw)
{
    if (raw == "\t")
        out += "\\t";
    else if (raw == "\n")
        out += "\\n";
    else if (raw == "\r")
        out += "\\r";
    else if (raw == "\\")
        out += "\\\\";
    else
        for (const char c : raw)
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
}

} // namespace

std::string printable(std::string_view foreign)
{
    std::string out;
    out.reserve(foreign.size());
    while (!foreign.empty()) {
        const std::string_view before = foreign;
        const auto c = next_code_point(foreign);
        const std::string_view raw = before.substr(0, before.size() - foreign.size());
        if (!c || is_control(*c) || is_direction_override(*c) || *c == '\\')
            append_escaped(out, raw);
        else
            out += raw;
    }
    return out;
}

std::string quoted(std::string_view foreign, std::size_t limit)
{
    const bool cut = foreign.size() > limit;
    const auto inside = [&](std::size_t at) {
        return (static_cast<unsigned char>(foreign[at]) & 0xC0U) == 0x80;
    };
    std::size_t end = limit;
    if (cut) // not in the middle of a code point, which has at most four bytes
        while (end > 0 && limit - end < 3 && inside(end))
            --end;
    return fmt::format("\"{}{}\"", printable(foreign.substr(0, end)), cut ? "…" : "");
}

namespace {

// Wide (two columns) and zero-width ranges that names of real machines contain; a full Unicode
// table is not worth its size for aligning a table.
bool is_wide(char32_t c)
{
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
           (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
           (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
}

bool is_zero_width(char32_t c)
{
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

} // namespace

std::size_t display_width(std::string_view rest)
{
    std::size_t width = 0;
    while (!rest.empty()) {
        const char32_t c = next_code_point(rest).value_or(U'?');
        width += is_zero_width(c) ? 0U : is_wide(c) ? 2U : 1U;
    }
    return width;
}

bool is_utf8(std::string_view rest) noexcept
{
    while (!rest.empty())
        if (!next_code_point(rest))
            return false;
    return true;
}

std::string human_size(std::uint64_t bytes)
{
    static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    double value = static_cast<double>(bytes);
    while (value >= 1023.5 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    const int decimals = value >= 99.95 || unit == 0 ? 0 : value >= 9.995 ? 1 : 2;
    std::string number = fmt::format("{:.{}f}", value, decimals);
    if (decimals > 0) {
        number.erase(number.find_last_not_of('0') + 1);
        if (number.ends_with('.'))
            number.pop_back();
    }
    return fmt::format("{} {}", number, units[unit]);
}

std::string human_duration(std::chrono::seconds duration)
{
    const auto s = duration.count();
    if (s < 60)
        return fmt::format("{}s", s);
    if (s < 3600)
        return fmt::format("{}m{}s", s / 60, s % 60);
    return fmt::format("{}h{}m", s / 3600, s % 3600 / 60);
}

std::optional<std::uint64_t> parse_u64(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

namespace {

struct Number {
    std::uint64_t value;
    std::string_view unit;
};

std::optional<Number> number_and_unit(std::string_view text)
{
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto value = parse_u64(text.substr(0, digits));
    if (!value)
        return std::nullopt;
    return Number{*value, text.substr(digits)};
}

} // namespace

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    const auto number = number_and_unit(text);
    if (!number)
        return std::nullopt;
    std::string unit = to_lower(number->unit);
    static constexpr std::string_view letters = "kmgtpe";
    if (unit.empty() || unit == "b")
        return number->value;
    if (unit.size() == 3 && unit.ends_with("ib"))
        unit.resize(1);
    const std::size_t at = letters.find(unit);
    if (unit.size() != 1 || at == std::string_view::npos)
        return std::nullopt;
    const std::size_t shift = 10 * (at + 1);
    if (number->value > std::numeric_limits<std::uint64_t>::max() >> shift)
        return std::nullopt;
    return number->value << shift;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    static constexpr std::uint64_t limit_ms = 1000ULL * 3600 * 24 * 3650; // ten years
    std::uint64_t total = 0;
    if (text.empty())
        return std::nullopt;
    while (!text.empty()) {
        const auto number = number_and_unit(text);
        if (!number)
            return std::nullopt;
        const std::size_t unit_length =
            std::min(number->unit.find_first_of("0123456789"), number->unit.size());
        const std::string_view unit = number->unit.substr(0, unit_length);
        std::uint64_t factor = 0;
        if (unit == "ms")
            factor = 1;
        else if (unit == "s" || unit.empty())
            factor = 1000;
        else if (unit == "m")
            factor = 60'000;
        else if (unit == "h")
            factor = 3'600'000;
        else if (unit == "d")
            factor = 86'400'000;
        if (factor == 0 || number->value > limit_ms / factor)
            return std::nullopt;
        total += number->value * factor;
        if (total > limit_ms)
            return std::nullopt;
        text = number->unit.substr(unit_length);
    }
    return std::chrono::milliseconds(total);
}

namespace {

// Optimal string alignment distance: insertions, deletions, substitutions, and neighbours swapped.
std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        d[i][0] = i;
    std::iota(d[0].begin(), d[0].end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.size()][b.size()];
}

} // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates)
{
    if (word.size() > 64)
        return std::nullopt;
    const std::size_t allowed = word.size() <= 3 ? 1 : word.size() <= 7 ? 2 : 3;
    std::optional<std::string> best;
    std::size_t best_distance = allowed + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos)
            return parts;
        text.remove_prefix(at + 1);
    }
}

std::string_view trim(std::string_view text)
{
    static constexpr std::string_view blank = " \t\r\n\f\v";
    const std::size_t first = text.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::string to_lower(std::string_view ascii)
{
    std::string out(ascii);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

} // namespace xenlab::text
