// SPDX-License-Identifier: GPL-3.0-or-later
// Text for people and from people: safe display of foreign text, sizes, durations, near misses.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::text {

/// Foreign text made safe for a terminal and for one TSV cell: valid printable UTF-8 stays; control
/// characters (C0, DEL, C1), the direction overrides U+202A-202E and U+2066-2069, backslashes and
/// bytes that are not UTF-8 become \t, \n, \r, \\ or \xNN. The result holds no tab and no newline.
std::string printable(std::string_view foreign);

/// printable() in double quotes, cut to `limit` bytes of input with "…" if longer.
std::string quoted(std::string_view foreign, std::size_t limit = 80);

/// Columns that printable text takes on a terminal (wcwidth of each code point; needs no locale).
std::size_t display_width(std::string_view printable_text);

/// 1536 -> "1.5 KiB", 1048576 -> "1 MiB"; three significant digits at most.
std::string human_size(std::uint64_t bytes);

/// 75 s -> "1m15s", 3600 s -> "1h0m".
std::string human_duration(std::chrono::seconds duration);

/// "64M", "1G", "512", "4KiB": binary units of bytes. Nothing else is accepted; overflow is
/// nothing.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// "500ms", "30s", "5m", "1h", "1h30m"; a bare number is seconds.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A whole decimal number that fits.
std::optional<std::uint64_t> parse_u64(std::string_view text);

/// The candidate nearest to `word`, if it is near enough to be a slip of the fingers.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view ascii);

/// True for text that is valid UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text) noexcept;

} // namespace xenlab::text
