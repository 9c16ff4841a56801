// SPDX-License-Identifier: GPL-3.0-or-later
// Maps and directories of XFS that no program makes on demand: trees of extents, and broken ones.
#include "xfs.hpp"

#include <xenlab/base/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace xenlab::fs::xfs {
namespace {

constexpr std::uint64_t block = 512;

class Memory final : public block::BlockDevice {
  public:
    [[nodiscard]] std::uint64_t size() const noexcept override { return data.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(size(), offset, buffer.size());
        std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                    buffer.begin());
    }
    std::vector<std::byte> data = std::vector<std::byte>(64 * block);
};

Geometry geometry()
{
    Geometry g;
    g.block_size = block;
    g.blocks = g.group_blocks = 64;
    g.groups = 1;
    g.group_block_bits = 6;
    g.directory_block = 512;
    return g;
}

void put_extent(std::span<std::byte> at, std::uint64_t offset, std::uint64_t start,
                std::uint64_t count, bool unwritten = false)
{
    bytes::store_be(at, 0, (unwritten ? std::uint64_t{1} << 63U : 0) | offset << 9U | start >> 43U);
    bytes::store_be(at, 8, start << 21U | count);
}

/// A file whose root has one child for each block number given.
Inode tree(unsigned level, const std::vector<std::uint64_t>& children)
{
    Inode inode{.number = 7, .format = ForkFormat::btree};
    inode.fork.resize(4 + 16 * 4);
    bytes::store_be(inode.fork, 0, static_cast<std::uint16_t>(level));
    bytes::store_be(inode.fork, 2, static_cast<std::uint16_t>(children.size()));
    for (std::size_t i = 0; i < children.size(); ++i)
        bytes::store_be(inode.fork, 4 + 4 * 8 + i * 8, children[i]);
    return inode;
}

void put_leaf(Memory& disk, std::uint64_t number, std::uint64_t first, std::uint16_t count)
{
    const auto at = std::span(disk.data).subspan(static_cast<std::size_t>(number * block), block);
    bytes::store_be(at, 0, std::uint32_t{0x424d4150});
    bytes::store_be(at, 4, std::uint16_t{0});
    bytes::store_be(at, 6, count);
    for (std::uint16_t i = 0; i < count; ++i)
        put_extent(at.subspan(24 + 16 * std::size_t{i}, 16), first + 2U * i, 40U + i, 1, i == 1);
}

bool refused(Memory& disk, const Inode& inode)
{
    try {
        static_cast<void>(map_extents(disk, geometry(), inode));
    } catch (const Error& error) {
        return error.code() == Errc::bad_data;
    }
    return false;
}

TEST(XfsMap, ReadsATreeOfExtents)
{
    Memory disk;
    put_leaf(disk, 10, 0, 3);
    put_leaf(disk, 11, 100, 2);
    const auto runs = map_extents(disk, geometry(), tree(1, {10, 11}));
    ASSERT_EQ(runs.size(), 3U); // one in each leaf was never written
    EXPECT_EQ(runs[0].content, 0U);
    EXPECT_EQ(runs[0].volume, 40 * block);
    EXPECT_EQ(runs[1].content, 4 * block);
    EXPECT_EQ(runs[2].content, 100 * block);
    EXPECT_EQ(runs[2].length, block);
}

TEST(XfsMap, RefusesCirclesAndRepetition)
{
    Memory disk;
    put_leaf(disk, 10, 0, 3);
    EXPECT_TRUE(refused(disk, tree(1, {10, 10})));
    EXPECT_TRUE(refused(disk, tree(2, {10}))); // a leaf where a node should be
    EXPECT_TRUE(refused(disk, tree(0, {10})));
    EXPECT_TRUE(refused(disk, tree(1, {64}))); // past the end
    EXPECT_TRUE(refused(disk, tree(1, {})));
}

TEST(XfsMap, RefusesExtentsThatAreNotThere)
{
    Memory disk;
    Inode inode{.number = 7, .format = ForkFormat::extents, .extents = 1};
    inode.fork.resize(16);
    put_extent(inode.fork, 0, 60, 5);
    EXPECT_TRUE(refused(disk, inode));
    put_extent(inode.fork, 0, 60, 0);
    EXPECT_TRUE(refused(disk, inode));
    put_extent(inode.fork, 0, 60, 4);
    EXPECT_FALSE(refused(disk, inode));
    inode.extents = 2; // more than the fork has room for
    EXPECT_TRUE(refused(disk, inode));
}

TEST(XfsDirectory, RefusesEntriesThatAreCutOff)
{
    Geometry g = geometry();
    std::vector<std::byte> fork(6);
    const auto none = [](const Entry&) { return true; };
    EXPECT_TRUE(list_short(g, fork, none));
    fork[0] = std::byte{1};
    EXPECT_THROW(static_cast<void>(list_short(g, fork, none)), Error);
    std::vector<std::byte> data(512);
    bytes::store_be(data, 0, std::uint32_t{0x58443242}); // one block, with its table
    bytes::store_be(data, 504, std::uint32_t{1000});
    EXPECT_THROW(static_cast<void>(list_block(g, data, 7, none)), Error);
    bytes::store_be(data, 504, std::uint32_t{0});
    bytes::store_be(data, 16, std::uint16_t{0xffff});
    bytes::store_be(data, 18, std::uint16_t{0}); // free space without a length: would never end
    EXPECT_THROW(static_cast<void>(list_block(g, data, 7, none)), Error);
}

} // namespace
} // namespace xenlab::fs::xfs
