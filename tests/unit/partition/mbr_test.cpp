// SPDX-License-Identifier: GPL-3.0-or-later
#include "disk.hpp"

namespace xenlab::partition::test {
namespace {

TEST(Mbr, ListsPrimaryPartitionsWithTheirContent)
{
    MemoryDisk disk(64 * mib);
    disk.le(440, std::uint32_t{0x5CA1AB1E});
    disk.entry(0, 0, 0x83, 2048, 2048, 0x80);
    disk.entry(0, 2, 0x0C, 4096, 8192);
    put_ext4(disk, mib);
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::dos);
    EXPECT_EQ(t.id, "0x5ca1ab1e");
    EXPECT_EQ(t.boot_code, "none");
    EXPECT_TRUE(t.complete);
    EXPECT_EQ(all_warnings(t), "");
    EXPECT_EQ(t.backup, Backup::none);
    ASSERT_EQ(t.partitions.size(), 2U);
    const Partition& one = t.partitions[0];
    EXPECT_EQ(one.number, 1U);
    EXPECT_EQ(one.type, "0x83");
    EXPECT_EQ(one.type_name, "Linux");
    EXPECT_EQ(one.start, 2048U);
    EXPECT_EQ(one.sectors, 2048U);
    EXPECT_TRUE(one.active);
    EXPECT_FALSE(one.extended);
    EXPECT_EQ(one.uuid, "5ca1ab1e-01");
    EXPECT_EQ(one.content.fs, "ext4");
    EXPECT_EQ(one.content.label, "root");
    EXPECT_EQ(one.content.uuid, ext4_uuid);
    const Partition& three = t.partitions[1];
    EXPECT_EQ(three.number, 3U);
    EXPECT_EQ(three.type, "0x0c");
    EXPECT_EQ(three.type_name, "W95 FAT32 (LBA)");
    EXPECT_FALSE(three.active);
    EXPECT_EQ(three.content.known, Known::no);
}

TEST(Mbr, WithoutSignatureIsNoTable)
{
    MemoryDisk disk(mib);
    disk.entry(0, 0, 0x83, 2048, 2048);
    disk.hex(510, "0000");
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::none);
    EXPECT_EQ(t.id, "");
    EXPECT_EQ(t.whole.known, Known::no);
    EXPECT_TRUE(t.complete);
}

TEST(Mbr, WithOtherFlagsThan00And80IsBootCode)
{
    MemoryDisk disk(mib);
    disk.entry(0, 0, 0x83, 2048, 2048, 0x24);
    EXPECT_EQ(table_of(disk).label, Label::none);
}

TEST(Mbr, WithoutPartitionsIsATable)
{
    MemoryDisk disk(mib);
    disk.boot_signature();
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::dos);
    EXPECT_EQ(t.id, "0x00000000");
    EXPECT_TRUE(t.partitions.empty());
}

TEST(Mbr, WithoutPartitionsInFrontOfAFilesystemCountsForNothing)
{
    MemoryDisk disk(mib);
    disk.boot_signature();
    put_ext4(disk, 0);
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::none);
    EXPECT_EQ(t.whole.fs, "ext4");
}

TEST(Mbr, WithPartitionsInFrontOfAFilesystemCounts)
{
    MemoryDisk disk(4 * mib);
    disk.entry(0, 0, 0x83, 2048, 2048);
    put_ext4(disk, 0);
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::dos);
    EXPECT_EQ(t.whole.known, Known::no);
    EXPECT_EQ(t.partitions.size(), 1U);
}

TEST(Mbr, EmptyAndTinyDisks)
{
    for (const std::uint64_t size : {0U, 1U, 511U, 512U, 513U, 1500U}) {
        for (const bool know_size : {true, false}) {
            MemoryDisk disk(size);
            const Table t = drive(disk, {.know_size = know_size}).table;
            EXPECT_EQ(t.label, Label::none) << size;
            EXPECT_EQ(t.whole.known, Known::no) << size;
            EXPECT_TRUE(t.complete);
        }
    }
}

TEST(Mbr, RefusedHeadLeavesEverythingUnread)
{
    MemoryDisk disk(mib);
    const Table t = drive(disk, {.limit = 0}).table;
    EXPECT_EQ(t.label, Label::unread);
    EXPECT_EQ(t.whole.known, Known::unread);
    EXPECT_EQ(t.boot_code, "");
    EXPECT_FALSE(t.complete);
}

TEST(Layout, WarnsOfOverlaps)
{
    MemoryDisk disk(64 * mib);
    disk.entry(0, 0, 0x83, 2048, 8192);
    disk.entry(0, 1, 0x83, 4096, 8192);
    disk.entry(0, 2, 0x83, 20480, 2048);
    const Table t = table_of(disk);
    EXPECT_EQ(all_warnings(t), "partitions 1 and 2 overlap\n");
}

TEST(Layout, WarnsOfOverlapsWithAnExtendedPartition)
{
    MemoryDisk disk(64 * mib);
    disk.entry(0, 0, 0x83, 2048, 8192);
    disk.entry(0, 1, 0x05, 8192, 8192);
    disk.entry(8192, 0, 0x83, 4096, 2048);
    const Table t = table_of(disk);
    EXPECT_EQ(all_warnings(t), "partitions 1 and 2 overlap\n");
}

TEST(Layout, WarnsOfRangesAlignmentAndActiveFlags)
{
    MemoryDisk disk(2 * mib);
    disk.entry(0, 0, 0x83, 2048, 4096, 0x80);
    disk.entry(0, 1, 0x83, 8192, 2048, 0x80);
    disk.entry(0, 2, 0x83, 63, 100);
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "partition 1 ends at sector 6144, after the end of the disk at 4096"));
    EXPECT_TRUE(warns(t, "partition 2 starts at sector 8192, after the end of the disk at 4096"));
    EXPECT_TRUE(warns(t, "partition 3 is not aligned: sector 63 is not a multiple of 8"));
    EXPECT_TRUE(warns(t, "partitions 1, 2 are all marked active"));
    EXPECT_EQ(t.warnings.size(), 4U);
    EXPECT_EQ(t.partitions[1].content.known, Known::no); // nothing is there to read
    EXPECT_TRUE(t.complete);
}

TEST(Layout, OfADiskOfUnknownSizeIsNotCheckedAgainstIt)
{
    MemoryDisk disk(2 * mib);
    disk.entry(0, 0, 0x83, 2048, 4096);
    EXPECT_EQ(all_warnings(drive(disk, {.know_size = false}).table), "");
}

TEST(FindPartition, PrefersLogicalPartitionsToTheirContainer)
{
    MemoryDisk disk(64 * mib);
    disk.entry(0, 0, 0x83, 2048, 2048);
    disk.entry(0, 1, 0x0F, 4096, 8192);
    disk.entry(4096, 0, 0x83, 2048, 2048);
    const Table t = table_of(disk);
    const auto number_at = [&](std::uint64_t sector) {
        const Partition* p = find_partition(t, sector * 512 + 5);
        return p ? p->number : 0;
    };
    EXPECT_EQ(number_at(0), 0U);
    EXPECT_EQ(number_at(2048), 1U);
    EXPECT_EQ(number_at(4095), 1U);
    EXPECT_EQ(number_at(4096), 2U);
    EXPECT_EQ(number_at(6144), 5U);
    EXPECT_EQ(number_at(8192), 2U);
    EXPECT_EQ(number_at(12288), 0U);
}

} // namespace
} // namespace xenlab::partition::test
