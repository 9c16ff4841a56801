// SPDX-License-Identifier: GPL-3.0-or-later
// A few pages of a table in a file, so that a lookup does not need a read each time.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/bytes/endian.hpp>

#include <cstdint>
#include <limits>
#include <vector>

namespace xenlab::block {

/// Direct-mapped. Borrows the device. Pages take memory when first used.
class PageCache {
  public:
    /// The table is the bytes [begin, end) of the device; page n starts at begin + n * page_size.
    PageCache(BlockDevice& device, std::uint64_t begin, std::uint64_t end, std::size_t page_size,
              std::size_t slots)
        : device_(device), begin_(begin), end_(end), page_size_(page_size), slots_(slots)
    {
    }

    /// Valid until the next call. The last page may be short; a page past the end is empty.
    bytes::View page(std::uint64_t number);

  private:
    struct Slot {
        std::uint64_t number = std::numeric_limits<std::uint64_t>::max();
        std::vector<std::byte> data;
    };

    BlockDevice& device_;
    std::uint64_t begin_;
    std::uint64_t end_;
    std::size_t page_size_;
    std::vector<Slot> slots_;
};

} // namespace xenlab::block
