// SPDX-License-Identifier: GPL-3.0-or-later
// Zeros to write where a hole cannot be left.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace xenlab::block {

inline constexpr std::array<std::byte, 64U << 10U> zeros{};

/// Calls `write` with zeros until there were `length` of them.
template <typename Write>
void write_zeros(std::uint64_t length, const Write& write)
{
    while (length > 0) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(length, zeros.size()));
        write(std::span<const std::byte>(zeros).first(n));
        length -= n;
    }
}

} // namespace xenlab::block
