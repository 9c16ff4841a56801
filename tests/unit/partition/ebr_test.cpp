// SPDX-License-Identifier: GPL-3.0-or-later
#include "disk.hpp"

#include <array>

namespace xenlab::partition::test {
namespace {

/// Partition 2 is extended: sectors 4096 to 65536.
struct ExtendedDisk : MemoryDisk {
    explicit ExtendedDisk(std::uint8_t type = 0x05) : MemoryDisk(64 * mib)
    {
        entry(0, 0, 0x83, 2048, 2048);
        entry(0, 1, type, 4096, 61440);
    }
};

TEST(LogicalPartitions, FollowTheChainInEveryExtendedType)
{
    for (const std::uint8_t type : std::to_array<std::uint8_t>({0x05, 0x0F, 0x85})) {
        ExtendedDisk disk(type);
        disk.entry(4096, 0, 0x83, 2048, 8192);
        disk.entry(4096, 1, 0x05, 12288, 10240);
        disk.entry(16384, 0, 0x82, 2048, 8192);
        put_ext4(disk, 6144 * 512);
        const Table t = table_of(disk);
        EXPECT_EQ(all_warnings(t), "");
        ASSERT_EQ(t.partitions.size(), 4U);
        EXPECT_TRUE(t.partitions[1].extended);
        EXPECT_EQ(t.partitions[1].content.known, Known::no);
        EXPECT_EQ(t.partitions[2].number, 5U);
        EXPECT_EQ(t.partitions[2].start, 6144U);
        EXPECT_EQ(t.partitions[2].content.fs, "ext4");
        EXPECT_EQ(t.partitions[2].uuid, "00000000-05");
        EXPECT_EQ(t.partitions[3].number, 6U);
        EXPECT_EQ(t.partitions[3].start, 18432U);
        EXPECT_EQ(t.partitions[3].type_name, "Linux swap / Solaris");
    }
}

TEST(LogicalPartitions, MayBePrecededByAnEmptyRecord)
{
    ExtendedDisk disk;
    disk.entry(4096, 1, 0x05, 12288, 10240);
    disk.entry(16384, 0, 0x82, 2048, 8192);
    const Table t = table_of(disk);
    EXPECT_EQ(all_warnings(t), "");
    ASSERT_EQ(t.partitions.size(), 3U);
    EXPECT_EQ(t.partitions[2].number, 5U);
}

TEST(LogicalPartitions, LoopIsNoticed)
{
    ExtendedDisk disk;
    disk.entry(4096, 0, 0x83, 2048, 2048);
    disk.entry(4096, 1, 0x05, 12288, 10240);
    disk.entry(16384, 0, 0x83, 2048, 2048);
    disk.entry(16384, 1, 0x05, 0, 10240);
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "the chain of logical partitions loops at sector 4096"));
    EXPECT_EQ(t.partitions.size(), 4U);
}

TEST(LogicalPartitions, BackwardLinkIsFollowedIfTheDiskCanSeek)
{
    ExtendedDisk disk;
    disk.entry(4096, 0, 0x83, 2048, 2048);
    disk.entry(4096, 1, 0x05, 32768, 4096);
    disk.entry(36864, 0, 0x83, 2048, 2048);
    disk.entry(36864, 1, 0x05, 12288, 4096);
    disk.entry(16384, 0, 0x83, 2048, 2048);
    put_ext4(disk, 18432 * 512);
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "goes back from sector 36864 to 16384"));
    ASSERT_EQ(t.partitions.size(), 5U);
    EXPECT_EQ(t.partitions[4].number, 7U);
    EXPECT_EQ(t.partitions[4].content.fs, "ext4");
    EXPECT_TRUE(t.complete);

    const Table s = drive(disk, {.forward_only = true}).table;
    EXPECT_TRUE(warns(s, "the logical partitions from sector 16384 on were not read"));
    EXPECT_EQ(s.partitions.size(), 4U);
    EXPECT_FALSE(s.complete);
}

TEST(LogicalPartitions, LinkOutOfTheExtendedPartitionIsNotFollowed)
{
    ExtendedDisk disk;
    disk.entry(4096, 0, 0x83, 2048, 2048);
    disk.entry(4096, 1, 0x05, 61440, 2048);
    disk.entry(65536, 0, 0x83, 2048, 2048);
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "leads out of extended partition 2"));
    EXPECT_EQ(t.partitions.size(), 3U);
}

TEST(LogicalPartitions, OutsideOfTheExtendedPartitionAreListedWithAWarning)
{
    ExtendedDisk disk;
    disk.entry(4096, 0, 0x83, 61000, 2048);
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "logical partition 5 lies outside of extended partition 2"));
    EXPECT_EQ(t.partitions.size(), 3U);
}

TEST(LogicalPartitions, RubbishInThirdAndFourthEntriesIsIgnored)
{
    ExtendedDisk disk;
    disk.entry(4096, 0, 0x83, 2048, 2048);
    disk.entry(4096, 2, 0x74, 0x61206B73, 0x206F7420);
    const Table t = table_of(disk);
    EXPECT_EQ(all_warnings(t), "");
    EXPECT_EQ(t.partitions.size(), 3U);
}

TEST(LogicalPartitions, RecordWithoutSignatureEndsTheChain)
{
    ExtendedDisk disk;
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "the extended boot record at sector 4096 has no signature"));
    EXPECT_EQ(t.partitions.size(), 2U);
}

TEST(LogicalPartitions, RecordBeyondTheEndOfTheDiskEndsTheChain)
{
    MemoryDisk disk(4 * mib);
    disk.entry(0, 1, 0x05, 1 << 30, 1 << 30);
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "has no signature"));
    EXPECT_TRUE(warns(t, "after the end of the disk"));
}

TEST(LogicalPartitions, AreLimitedInNumber)
{
    MemoryDisk disk(64 * mib);
    disk.entry(0, 0, 0x05, 2048, 100000);
    for (std::uint32_t i = 0; i < 200; ++i) {
        disk.entry(2048 + 16 * i, 0, 0x83, 8, 8);
        disk.entry(2048 + 16 * i, 1, 0x05, 16 * (i + 1), 16);
    }
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "more than 128 logical partitions"));
    EXPECT_EQ(t.partitions.size(), 129U);
}

TEST(LogicalPartitions, SecondExtendedPartitionGoesOnCounting)
{
    MemoryDisk disk(64 * mib);
    disk.entry(0, 0, 0x05, 2048, 2048);
    disk.entry(0, 1, 0x0F, 4096, 2048);
    disk.entry(2048, 0, 0x83, 8, 1024);
    disk.entry(4096, 0, 0x83, 8, 1024);
    const Table t = table_of(disk);
    ASSERT_EQ(t.partitions.size(), 4U);
    EXPECT_EQ(t.partitions[3].number, 6U);
    EXPECT_EQ(t.partitions[3].start, 4104U);
}

} // namespace
} // namespace xenlab::partition::test
