// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at foreign bytes: magic numbers and text fields.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace xenlab::partition {

inline std::string_view as_text(bytes::View data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// True if [at, at + length) is inside.
inline bool holds(bytes::View data, std::size_t at, std::size_t length)
{
    return at <= data.size() && length <= data.size() - at;
}

inline bool has(bytes::View data, std::size_t at, std::string_view magic)
{
    return holds(data, at, magic.size()) && as_text(data.subspan(at, magic.size())) == magic;
}

constexpr bool power_of_two(std::uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/// A field of bytes: up to the first NUL, without white space at its end, bytes that are not UTF-8
/// replaced by U+FFFD.
std::string text_field(bytes::View field);

/// The same for UTF-16.
std::string utf16le_field(bytes::View field);
std::string utf16be_field(bytes::View field);

/// 16 bytes in the order they are printed: "00112233-4455-6677-8899-aabbccddeeff". Empty if all
/// zero.
std::string format_uuid(bytes::View id);

/// 16 bytes of a Microsoft GUID, whose first three fields are little-endian (UEFI 2.10 appendix A),
/// in upper case.
std::string format_guid(bytes::View id);

} // namespace xenlab::partition
