// SPDX-License-Identifier: GPL-3.0-or-later
// Code points of UTF-8 text, one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xenlab::text {

/// The code point at the front of `rest`, which is then removed from it. Bytes that are not UTF-8
/// (overlong, surrogate, cut off, > U+10FFFF) yield nothing and remove one byte. `rest` must not be
/// empty.
std::optional<char32_t> next_code_point(std::string_view& rest) noexcept;

/// Appends the code point as UTF-8.
void append_utf8(std::string& text, char32_t code_point);

/// UTF-16LE bytes (as NTFS and FAT store names) to UTF-8; lone surrogates become U+FFFD. An odd
/// last byte is ignored.
std::string utf16le_to_utf8(std::string_view bytes);

} // namespace xenlab::text
