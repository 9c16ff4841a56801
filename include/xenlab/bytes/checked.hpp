// SPDX-License-Identifier: GPL-3.0-or-later
// Integer arithmetic on values that came from a peer: nothing wraps, nothing is cut off silently.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace xenlab::bytes {

/// The value in another integer type, or nothing when it does not fit.
template <std::integral To, std::integral From>
constexpr std::optional<To> checked_int(From value) noexcept
{
    if (!std::in_range<To>(value))
        return std::nullopt;
    return static_cast<To>(value);
}

constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) noexcept
{
    if (a > std::numeric_limits<std::uint64_t>::max() - b)
        return std::nullopt;
    return a + b;
}

constexpr std::optional<std::uint64_t> checked_mul(std::uint64_t a, std::uint64_t b) noexcept
{
    if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b)
        return std::nullopt;
    return a * b;
}

} // namespace xenlab::bytes
