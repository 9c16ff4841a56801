// SPDX-License-Identifier: GPL-3.0-or-later
// A disk that streams by in blocks: as raw bytes, or as a dynamic VHD, whose table of blocks comes
// first, so that holes are known before anything of them would come.
#pragma once

#include <xenlab/io/byte_source.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace xenlab::transfer {

class BlockStream {
  public:
    /// What a block holds, when it has gone by whole. Only asked for if it is kept.
    using Keep = std::function<void(std::uint64_t offset, std::span<const std::byte> data)>;

    /// Every block is there.
    static std::unique_ptr<BlockStream> raw(std::unique_ptr<io::ByteSource> source,
                                            std::uint64_t size);
    /// Reads footer, header and table. Throws Error{bad_data} for what is no dynamic VHD of a disk
    /// of `size` bytes; a stream that ends is io::StreamError.
    static std::unique_ptr<BlockStream> vhd(std::unique_ptr<io::ByteSource> source,
                                            std::uint64_t size);

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t block_size() const noexcept { return block_size_; }
    /// Bytes of the stream that have been taken.
    [[nodiscard]] std::uint64_t taken() const noexcept { return at_; }

    /// False: it reads as zeros.
    [[nodiscard]] bool allocated(std::uint64_t block) const noexcept;
    /// How much of the stream must have been taken to have the first `length` bytes of the block;
    /// nothing when it has gone by.
    [[nodiscard]] std::optional<std::uint64_t> cost(std::uint64_t block,
                                                    std::uint64_t length) const noexcept;

    /// Moves on to the block, which must not have gone by, and as far into it. The result is valid
    /// until the next call.
    std::span<const std::byte> reach(std::uint64_t block, std::uint64_t length);

    /// Blocks that go by are given to `keep` from now on, whole.
    void keep(Keep keep) { keep_ = std::move(keep); }

  private:
    struct Place {
        std::uint64_t stream_offset = 0; ///< of its data, behind the bitmap
        std::uint64_t block = 0;
    };
    BlockStream(std::unique_ptr<io::ByteSource> source, std::uint64_t size,
                std::uint64_t block_size);
    void read_table(std::uint64_t offset, std::uint64_t entries, std::uint64_t bitmap);
    [[nodiscard]] std::uint64_t length_of(std::uint64_t block) const noexcept;
    void skip_to(std::uint64_t offset);
    void extend(std::uint64_t length);
    void read_bitmap(std::uint64_t length);
    void leave();
    [[nodiscard]] Place place(std::uint64_t rank) const noexcept;
    [[nodiscard]] std::uint64_t places() const noexcept;
    [[nodiscard]] std::uint64_t rank_of(std::uint64_t block) const noexcept;

    std::unique_ptr<io::ByteSource> source_;
    std::uint64_t size_, block_size_;
    std::uint64_t at_ = 0;
    std::uint64_t bitmap_size_ = 0;   ///< 0: a raw disk
    std::vector<Place> order_;        ///< of a VHD: as the blocks come
    std::vector<std::uint32_t> rank_; ///< of a VHD: by block, none_ for holes
    std::uint64_t current_ = 0;       ///< rank of the block at hand
    std::vector<std::byte> bitmap_;   ///< of the block at hand
    std::vector<std::byte> data_;     ///< of the block at hand, as far as it was read
    Keep keep_;
    static constexpr std::uint32_t none_ = 0xFFFFFFFF;
};

} // namespace xenlab::transfer
