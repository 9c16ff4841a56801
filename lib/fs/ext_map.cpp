// SPDX-License-Identifier: GPL-3.0-or-later
#include "ext_map.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/endian.hpp>

#include <cstring>

namespace xenlab::fs {
namespace {

constexpr std::uint16_t extent_magic = 0xf30a;
constexpr std::size_t extent_entry = 12; // header, index and leaf entries alike
constexpr std::uint16_t longest_written = 32768;

class Mapper {
  public:
    Mapper(const ExtLibrary& library, const ext2_inode& inode)
        : library_(library), block_size_(library.get()->blocksize),
          blocks_(ext2fs_blocks_count(library.get()->super))
    {
        const std::uint64_t size = EXT2_I_SIZE(&inode);
        logical_end_ = size / block_size_ + (size % block_size_ != 0 ? 1 : 0);
    }

    void extents(bytes::View node, unsigned depth)
    {
        if (node.size() < extent_entry || bytes::le16(node, 0) != extent_magic ||
            bytes::le16(node, 6) != depth)
            throw Error(Errc::bad_data, "a node of an extent tree is damaged");
        const std::size_t entries = bytes::le16(node, 2);
        if ((entries + 1) * extent_entry > node.size())
            throw Error(Errc::bad_data, "a node of an extent tree is damaged");
        for (std::size_t i = 1; i <= entries; ++i) {
            const bytes::View entry = node.subspan(i * extent_entry, extent_entry);
            if (depth == 0)
                leaf(entry);
            else
                child(entry, depth);
        }
    }

    void block_map(const ext2_inode& inode)
    {
        for (std::size_t i = 0; i < EXT2_NDIR_BLOCKS; ++i)
            indirect(inode.i_block[i], 0);
        indirect(inode.i_block[EXT2_IND_BLOCK], 1);
        indirect(inode.i_block[EXT2_DIND_BLOCK], 2);
        indirect(inode.i_block[EXT2_TIND_BLOCK], 3);
    }

    [[nodiscard]] std::vector<ExtRun> take() { return std::move(runs_); }

  private:
    void add(std::uint64_t logical, std::uint64_t physical, std::uint64_t count)
    {
        if (physical == 0 || physical >= blocks_ || count > blocks_ - physical)
            throw Error(Errc::bad_data, "a file claims blocks past the end of the filesystem");
        if (!runs_.empty()) {
            ExtRun& last = runs_.back();
            if (last.logical + last.blocks == logical && last.physical + last.blocks == physical) {
                last.blocks += count;
                return;
            }
        }
        // A file cannot be in more pieces than there are blocks: what follows would be a loop.
        if (runs_.size() >= blocks_)
            throw Error(Errc::bad_data, "a file is in more pieces than there are blocks");
        runs_.push_back({logical, physical, count});
    }

    void leaf(bytes::View entry)
    {
        const std::uint64_t logical = bytes::le32(entry, 0);
        std::uint64_t count = bytes::le16(entry, 4);
        const bool written = count <= longest_written;
        if (!written)
            count -= longest_written;
        if (logical < next_ || count == 0)
            throw Error(Errc::bad_data, "extents of a file are not in order");
        next_ = logical + count;
        if (written)
            add(logical, std::uint64_t{bytes::le16(entry, 6)} << 32U | bytes::le32(entry, 8),
                count);
    }

    void child(bytes::View entry, unsigned depth)
    {
        // Every node holds extents behind those before it, so that there are no more nodes than
        // blocks; nodes without extents are not written by anybody.
        const std::uint64_t before = next_;
        read(std::uint64_t{bytes::le16(entry, 8)} << 32U | bytes::le32(entry, 4), depth - 1,
             [&](bytes::View node) { extents(node, depth - 1); });
        if (next_ == before)
            throw Error(Errc::bad_data, "a node of an extent tree is empty");
    }

    /// A zero stands for a hole of all blocks below it.
    void indirect(std::uint64_t block, unsigned level)
    {
        const std::uint64_t fan = block_size_ / 4;
        std::uint64_t below = 1;
        for (unsigned i = 0; i < level; ++i)
            below *= fan;
        if (next_ >= logical_end_)
            return;
        if (block == 0) {
            next_ += below;
        } else if (level == 0) {
            add(next_++, block, 1);
        } else {
            read(block, level, [&](bytes::View node) {
                for (std::size_t i = 0; i < fan; ++i)
                    indirect(bytes::le32(node, i * 4), level - 1);
            });
        }
    }

    template <typename Function>
    void read(std::uint64_t block, unsigned /*level*/, Function function)
    {
        if (block == 0 || block >= blocks_)
            throw Error(Errc::bad_data, "a file claims blocks past the end of the filesystem");
        if (++nodes_ > blocks_)
            throw Error(Errc::bad_data, "a file has more index blocks than there are blocks");
        std::vector<std::byte> node(block_size_);
        library_.device().read(block * block_size_, node);
        function(bytes::View(node));
    }

    const ExtLibrary& library_;
    std::size_t block_size_;
    std::uint64_t blocks_;
    std::uint64_t logical_end_ = 0;
    std::uint64_t next_ = 0;
    std::uint64_t nodes_ = 0;
    std::vector<ExtRun> runs_;
};

} // namespace

std::vector<ExtRun> map_blocks(const ExtLibrary& library, const ext2_inode& inode)
{
    Mapper mapper(library, inode);
    if ((inode.i_flags & EXT4_EXTENTS_FL) == 0) {
        mapper.block_map(inode);
        return mapper.take();
    }
    std::byte root[sizeof inode.i_block];
    std::memcpy(root, &inode.i_block, sizeof root);
    const unsigned depth = bytes::le16(root, 6);
    if (depth > 5)
        throw Error(Errc::bad_data, "an extent tree is deeper than it can be");
    mapper.extents(root, depth);
    return mapper.take();
}

} // namespace xenlab::fs
