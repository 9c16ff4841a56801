// SPDX-License-Identifier: GPL-3.0-or-later
// Extents in any order as the least number of extents in order.
#pragma once

#include <xenlab/block/block_device.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace xenlab::block {

/// Sorted, without overlap, neighbours joined, clipped to `limit` bytes.
inline std::vector<Extent> joined(std::span<const Extent> extents, std::uint64_t limit)
{
    std::vector<Extent> sorted;
    for (const Extent& e : extents)
        if (e.offset < limit && e.length > 0)
            sorted.push_back({.offset = e.offset, .length = std::min(e.length, limit - e.offset)});
    std::sort(sorted.begin(), sorted.end(),
              [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
    std::vector<Extent> all;
    for (const Extent& e : sorted)
        if (!all.empty() && e.offset <= all.back().offset + all.back().length)
            all.back().length =
                std::max(all.back().length, e.offset + e.length - all.back().offset);
        else
            all.push_back(e);
    return all;
}

} // namespace xenlab::block
