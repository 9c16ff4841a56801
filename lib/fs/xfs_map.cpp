// SPDX-License-Identifier: GPL-3.0-or-later
// Extents of a file: in its inode, or in a B+tree below it.
#include "xfs_format.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

namespace xenlab::fs::xfs {
namespace {

constexpr std::size_t record = 16; // an extent, and a key with its pointer
constexpr unsigned max_level = 9;

class Mapper {
  public:
    Mapper(block::BlockDevice& volume, const Geometry& geometry, std::uint64_t owner)
        : volume_(volume), geometry_(geometry), owner_(owner)
    {
    }

    /// Packed: a flag, 54 bits of offset, 52 of the block number and 21 of the count.
    void extent(bytes::View packed)
    {
        const std::uint64_t high = bytes::load_be<std::uint64_t>(packed, 0);
        const std::uint64_t low = bytes::load_be<std::uint64_t>(packed, 8);
        const std::uint64_t offset = (high & ~(std::uint64_t{1} << 63U)) >> 9U;
        const std::uint64_t block = (high & 0x1ffU) << 43U | low >> 21U;
        const std::uint64_t count = low & 0x1fffffU;
        const std::uint64_t byte = geometry_.byte_of(block, count);
        // So no part of a tree can be visited twice.
        if (offset < next_ || count == 0 || offset > UINT64_MAX / geometry_.block_size - count)
            throw damaged(fmt::format("the extents of inode {} are not in order", owner_));
        next_ = offset + count;
        if (high >> 63U == 0) // else it was allocated, but never written
            runs_.push_back({offset * geometry_.block_size, byte, count * geometry_.block_size});
    }

    /// The root: level, count, keys, pointers; room for as many as the fork can hold.
    void root(bytes::View fork)
    {
        if (fork.size() < 4)
            throw damaged(fmt::format("the extent tree of inode {} has no root", owner_));
        children(fork.subspan(4), bytes::be16(fork, 0), bytes::be16(fork, 2));
    }

    [[nodiscard]] std::vector<FileRun> take() { return std::move(runs_); }

  private:
    void children(bytes::View area, unsigned level, std::size_t count)
    {
        const std::size_t room = area.size() / record;
        if (level == 0 || level > max_level || count == 0 || count > room)
            throw damaged(fmt::format("the extent tree of inode {}", owner_));
        for (std::size_t i = 0; i < count; ++i)
            node(bytes::load_be<std::uint64_t>(area, (room + i) * 8), level - 1);
    }

    void node(std::uint64_t number, unsigned level)
    {
        std::vector<std::byte> block(static_cast<std::size_t>(geometry_.block_size));
        volume_.read(geometry_.byte_of(number, 1), block);
        const bool v5 = geometry_.checksums;
        const std::size_t header = v5 ? 72 : 24;
        const std::size_t count = bytes::be16(block, 6);
        if (bytes::be32(block, 0) != (v5 ? 0x424d4133 : 0x424d4150) || // "BMA3", "BMAP"
            bytes::be16(block, 4) != level || count == 0 ||
            count > (block.size() - header) / record)
            throw damaged(fmt::format("the extent tree of inode {}", owner_));
        if (v5)
            check_sum(block, 64, fmt::format("the extent tree of inode {}", owner_));
        if (v5 && bytes::load_be<std::uint64_t>(block, 56) != owner_)
            throw damaged(fmt::format("the extent tree of inode {} is another's", owner_));
        const bytes::View area = bytes::View(block).subspan(header);
        if (level > 0)
            return children(area, level, count);
        for (std::size_t i = 0; i < count; ++i)
            extent(area.subspan(i * record, record));
    }

    block::BlockDevice& volume_;
    const Geometry& geometry_;
    std::uint64_t owner_;
    std::uint64_t next_ = 0;
    std::vector<FileRun> runs_;
};

} // namespace

std::vector<FileRun> map_extents(block::BlockDevice& volume, const Geometry& geometry,
                                 const Inode& inode)
{
    Mapper mapper(volume, geometry, inode.number);
    if (inode.format == ForkFormat::btree) {
        mapper.root(inode.fork);
    } else if (inode.format == ForkFormat::extents) {
        if (inode.extents > inode.fork.size() / record)
            throw damaged(fmt::format("inode {} has more extents than room", inode.number));
        for (std::size_t i = 0; i < inode.extents; ++i)
            mapper.extent(bytes::View(inode.fork).subspan(i * record, record));
    }
    return mapper.take();
}

} // namespace xenlab::fs::xfs
