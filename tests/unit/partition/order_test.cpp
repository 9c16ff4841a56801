// SPDX-License-Identifier: GPL-3.0-or-later
// What a Scan asks for and in which order: the promises of scan.hpp to streams.
#include "disk.hpp"

namespace xenlab::partition::test {
namespace {

/// MBR with two primary and two logical partitions, each with an ext4.
struct OrdinaryMbr : MemoryDisk {
    OrdinaryMbr() : MemoryDisk(256 * mib)
    {
        entry(0, 0, 0x83, 2048, 65536, 0x80);
        entry(0, 1, 0x05, 67584, 262144);
        entry(0, 2, 0x83, 329728, 65536);
        entry(67584, 0, 0x83, 2048, 65536);
        entry(67584, 1, 0x05, 67584, 67584);
        entry(135168, 0, 0x83, 2048, 65536);
        for (const std::uint64_t sector : {2048U, 69632U, 137216U, 329728U})
            put_ext4(*this, sector * 512);
    }
};

struct OrdinaryGpt : MemoryDisk {
    OrdinaryGpt() : MemoryDisk(256 * mib)
    {
        put_gpt(*this,
                {.parts = {{.first = 2048, .last = 67583}, {.first = 67584, .last = 400000}}});
        put_ext4(*this, mib);
        put_ext4(*this, 33 * mib);
    }
};

bool ascending(const std::vector<Want>& wants)
{
    return std::is_sorted(wants.begin(), wants.end(), [](const Want& a, const Want& b) {
        return a.offset + a.length <= b.offset;
    });
}

template <typename Disk>
class Ordinary : public testing::Test {
  protected:
    Disk disk;
};
using Disks = testing::Types<OrdinaryMbr, OrdinaryGpt>;
TYPED_TEST_SUITE(Ordinary, Disks);

TYPED_TEST(Ordinary, DiskIsAskedForInAscendingOrderWithoutOverlap)
{
    const Result r = drive(this->disk);
    EXPECT_TRUE(ascending(r.wants));
    EXPECT_TRUE(r.table.complete);
    EXPECT_EQ(r.wants.front().offset, 0U);
    EXPECT_LE(r.wants.front().length, 128U << 10);
}

TYPED_TEST(Ordinary, DiskGivesTheSameAnswersOnAStream)
{
    const Table seekable = drive(this->disk).table;
    for (const bool know_size : {true, false}) {
        const Result r = drive(this->disk, {.know_size = know_size, .forward_only = true});
        EXPECT_TRUE(r.refused.empty());
        EXPECT_TRUE(r.table.complete);
        EXPECT_EQ(r.table.backup, seekable.backup);
        ASSERT_EQ(r.table.partitions.size(), seekable.partitions.size());
        for (std::size_t i = 0; i < seekable.partitions.size(); ++i)
            EXPECT_EQ(r.table.partitions[i].content, seekable.partitions[i].content);
    }
}

TYPED_TEST(Ordinary, DiskNeedsLittleMoreThanAMebibyteForItsFirstPartition)
{
    const Result r = drive(this->disk, {.limit = mib + (200 << 10)});
    EXPECT_LE(r.bytes(), 200U << 10);
    EXPECT_FALSE(r.table.complete);
    ASSERT_GE(r.table.partitions.size(), 2U);
    EXPECT_EQ(r.table.partitions[0].content.fs, "ext4");
    EXPECT_EQ(r.table.partitions.back().content.known, Known::unread);
}

TEST(Order, ChainOfLogicalPartitionsBehindTheLimitIsNamed)
{
    OrdinaryMbr disk;
    const Table t = drive(disk, {.limit = 2 * mib}).table;
    EXPECT_TRUE(warns(t, "the logical partitions from sector 67584 on were not read"));
    EXPECT_EQ(t.partitions.size(), 3U);
    EXPECT_FALSE(t.complete);
}

TEST(Order, PartitionThatTouchesTheHeadCostsOnlyTheRest)
{
    MemoryDisk disk(8 * mib);
    disk.entry(0, 0, 0x06, 63, 8192);
    put_ext4(disk, 63 * 512);
    const Result r = drive(disk, {.forward_only = true});
    EXPECT_TRUE(r.refused.empty());
    ASSERT_EQ(r.wants.size(), 2U);
    EXPECT_EQ(r.wants[1].offset, r.wants[0].length);
    EXPECT_EQ(r.table.partitions.at(0).content.fs, "ext4");
}

TEST(Order, OverlappingPartitionsDoNotGoBack)
{
    MemoryDisk disk(8 * mib);
    disk.entry(0, 0, 0x83, 2048, 4096);
    disk.entry(0, 1, 0x83, 2056, 4096);
    disk.entry(0, 2, 0x83, 2064, 4096);
    put_ext4(disk, 2064 * 512);
    const Result r = drive(disk, {.forward_only = true});
    EXPECT_TRUE(r.refused.empty());
    EXPECT_TRUE(ascending(r.wants));
    EXPECT_EQ(r.table.partitions.at(2).content.fs, "ext4");
}

TEST(Order, StreamThatEndsEarlyIsADiskThatEndsThere)
{
    MemoryDisk disk(mib + 4096);
    disk.entry(0, 0, 0x83, 2048, 65536);
    disk.entry(0, 1, 0x83, 131072, 65536);
    put_ext4(disk, mib);
    const Result r = drive(disk, {.know_size = false, .forward_only = true});
    EXPECT_EQ(r.table.partitions.at(0).content.fs, "ext4");
    EXPECT_EQ(r.table.partitions.at(1).content.known, Known::no);
}

TEST(Order, ScanOfABlockDevice)
{
    OrdinaryGpt disk;
    const Table t = scan(disk);
    EXPECT_EQ(t.backup, Backup::sound);
    EXPECT_EQ(t.partitions.size(), 2U);
}

TEST(Order, ScanCanBeMoved)
{
    OrdinaryGpt disk;
    Scan first(disk.size());
    first.supply(disk.get(0, first.next()->length));
    Scan second = std::move(first);
    while (second.next())
        second.refuse();
    const Table t = second.finish();
    EXPECT_EQ(t.label, Label::gpt);
    EXPECT_FALSE(t.complete);
}

} // namespace
} // namespace xenlab::partition::test
