// SPDX-License-Identifier: GPL-3.0-or-later
// CRC-32 as in IEEE 802.3, zlib and UEFI's GPT: reflected polynomial 0xEDB88320, initial value and
// final inversion all ones. Check value: crc32("123456789") = 0xCBF43926.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <cstdint>

namespace xenlab::bytes {

/// CRC of `data`; pass an earlier result as `previous` to go on with the next piece.
std::uint32_t crc32(View data, std::uint32_t previous = 0) noexcept;

} // namespace xenlab::bytes
