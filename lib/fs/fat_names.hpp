// SPDX-License-Identifier: GPL-3.0-or-later
// Names of FAT: 8.3 in the code page of DOS, long ones in UTF-16 (fatgen103, "Long File Name
// Implementation").
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace xenlab::fs {

using ShortName = std::array<char, 11>;

/// `flags`: byte 12 of the entry, by which Windows NT keeps lower case.
std::string text_of(const ShortName& name, unsigned flags);

std::uint8_t checksum_of(const ShortName& name);

/// Whether `name` is an 8.3 name as it stands, in upper case; then it needs no long entries.
bool fits_short(std::string_view name, ShortName& result);

/// An 8.3 name for a long one that is not `taken`: "LONGNA~1TXT".
ShortName make_short(std::string_view name, const std::function<bool(const ShortName&)>& taken);

/// Where a long entry has its 13 units.
constexpr std::array<std::size_t, 13> unit_places{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

/// The units of a long entry.
std::u16string units_of(bytes::View entry);

} // namespace xenlab::fs
