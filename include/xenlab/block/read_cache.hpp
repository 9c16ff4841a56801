// SPDX-License-Identifier: GPL-3.0-or-later
// A cache over a device for readers that ask for a few bytes at a time (filesystems), so that each
// place is fetched once and in pieces that suit a network.
#pragma once

#include <xenlab/block/block_device.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

namespace xenlab::block {

struct CacheOptions {
    std::size_t page_size = std::size_t{32} << 10U; ///< a power of two
    std::size_t pages = 256;                        ///< 8 MiB in all
};

/// Borrows the device. Reads of four pages and more go through, so that
/// the content of large files does not push out the metadata. Writes go through and update what is
/// cached. One thread at a time.
class ReadCache final : public BlockDevice {
  public:
    explicit ReadCache(BlockDevice& device, CacheOptions options = {});

    [[nodiscard]] std::uint64_t size() const noexcept override { return device_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        return device_.extents(offset, length);
    }
    [[nodiscard]] bool writable() const noexcept override { return device_.writable(); }
    void write(std::uint64_t offset, std::span<const std::byte> data) override;
    void flush() override { device_.flush(); }

  private:
    struct Page {
        std::uint64_t number = 0;
        std::vector<std::byte> data;
    };
    using Pages = std::list<Page>; ///< the most recently used first

    Page& page(std::uint64_t number);

    BlockDevice& device_;
    CacheOptions options_;
    Pages pages_;
    std::unordered_map<std::uint64_t, Pages::iterator> index_;
};

} // namespace xenlab::block
