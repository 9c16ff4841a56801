// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes and text as tests like to write them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::test {

using Bytes = std::vector<std::byte>;

inline std::span<const std::byte> view(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

inline Bytes bytes_of(std::string_view text)
{
    const auto data = view(text);
    return {data.begin(), data.end()};
}

inline std::string text_of(std::span<const std::byte> data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Bytes without a pattern, the same in every run.
inline std::string noise(std::size_t size, std::uint64_t seed = 1)
{
    std::string out(size, '\0');
    std::uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
    for (char& c : out) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        c = static_cast<char>(state >> 32U);
    }
    return out;
}

/// 1 tries all bits and cuts. Builds that are ten times slower try each 23rd: instrumented ones,
/// and those without optimisation.
constexpr std::size_t stride()
{
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 23;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return 23;
#else
    return 1;
#endif
#else
    return 1;
#endif
}

/// The text with bit number `bit` of all its bits turned over.
inline std::string flipped(std::string text, std::size_t bit)
{
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    return text;
}

} // namespace xenlab::test
