// SPDX-License-Identifier: GPL-3.0-or-later
// What fuzz targets share. Only xenlab::Error may leave the code under test.
#pragma once

#include <xenlab/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string_view>

namespace xenlab::fuzz {

inline std::span<const std::byte> bytes(const std::uint8_t* data, std::size_t size)
{
    return std::as_bytes(std::span(data, size));
}

inline std::string_view text(std::span<const std::byte> data)
{
    // char may alias any object.
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Ends the process, as a finding, when the code under test broke a promise.
inline void require(bool kept, const char* promise)
{
    if (!kept) {
        std::fprintf(stderr, "broken: %s\n", promise);
        std::abort();
    }
}

/// Runs the code; true when it threw an Error, which is what bad input should give.
inline bool refused(const std::function<void()>& code)
{
    try {
        code();
    } catch (const Error&) {
        return true;
    }
    return false;
}

} // namespace xenlab::fuzz
