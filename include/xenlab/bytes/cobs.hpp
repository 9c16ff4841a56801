// SPDX-License-Identifier: GPL-3.0-or-later
// Consistent Overhead Byte Stuffing (Cheshire and Baker, IEEE/ACM Transactions on Networking 7(2),
// 1999): bytes without a zero in them, so that a zero can end a frame. Costs one byte in 254.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <optional>
#include <vector>

namespace xenlab::bytes {

/// Appends the encoding of `data`, which holds no zero byte. The delimiter is not added.
void append_cobs(std::vector<std::byte>& out, View data);

/// The most bytes that `length` bytes can become.
constexpr std::size_t cobs_bound(std::size_t length) noexcept
{
    return length + length / 254 + 1;
}

/// Decodes what stood between two delimiters; nothing when it is no encoding.
std::optional<std::vector<std::byte>> from_cobs(View encoded);

} // namespace xenlab::bytes
