// SPDX-License-Identifier: GPL-3.0-or-later
// Multi-byte integers in byte buffers. Every access is bounds-checked: reading past the end is a
// bug of the caller (it must have checked the length against the format) and throws
// std::out_of_range.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

namespace xenlab::bytes {

using View = std::span<const std::byte>;

namespace detail {
inline View window(View data, std::size_t at, std::size_t length)
{
    if (at > data.size() || length > data.size() - at)
        throw std::out_of_range("xenlab::bytes: read past the end of a buffer");
    return data.subspan(at, length);
}
} // namespace detail

template <std::unsigned_integral T>
T load_le(View data, std::size_t at)
{
    const View field = detail::window(data, at, sizeof(T));
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
        value = static_cast<T>(static_cast<std::uint64_t>(value) << 8 |
                               std::to_integer<std::uint64_t>(field[i]));
    return value;
}

template <std::unsigned_integral T>
T load_be(View data, std::size_t at)
{
    const View field = detail::window(data, at, sizeof(T));
    T value = 0;
    for (const std::byte b : field)
        value = static_cast<T>(static_cast<std::uint64_t>(value) << 8 |
                               std::to_integer<std::uint64_t>(b));
    return value;
}

template <std::unsigned_integral T>
void store_le(std::span<std::byte> data, std::size_t at, T value)
{
    detail::window(data, at, sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i)
        data[at + i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i));
}

template <std::unsigned_integral T>
void store_be(std::span<std::byte> data, std::size_t at, T value)
{
    detail::window(data, at, sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i)
        data[at + i] =
            static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * (sizeof(T) - 1 - i)));
}

inline std::uint8_t u8(View d, std::size_t at)
{
    return load_le<std::uint8_t>(d, at);
}
inline std::uint16_t le16(View d, std::size_t at)
{
    return load_le<std::uint16_t>(d, at);
}
inline std::uint32_t le32(View d, std::size_t at)
{
    return load_le<std::uint32_t>(d, at);
}
inline std::uint64_t le64(View d, std::size_t at)
{
    return load_le<std::uint64_t>(d, at);
}
inline std::uint16_t be16(View d, std::size_t at)
{
    return load_be<std::uint16_t>(d, at);
}
inline std::uint32_t be32(View d, std::size_t at)
{
    return load_be<std::uint32_t>(d, at);
}
inline std::uint64_t be64(View d, std::size_t at)
{
    return load_be<std::uint64_t>(d, at);
}

} // namespace xenlab::bytes
