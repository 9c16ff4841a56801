// SPDX-License-Identifier: GPL-3.0-or-later
#include "disk.hpp"

namespace xenlab::partition::test {
namespace {

constexpr auto disk_guid = "00112233-4455-6677-8899-AABBCCDDEEFF";

TEST(Gpt, ListsPartitionsWithTheirContent)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.parts = {{.attributes = 4, .name = "boot"}, {.first = 4096, .last = 8191}}});
    put_ext4(disk, mib);
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::gpt);
    EXPECT_EQ(t.id, disk_guid);
    EXPECT_EQ(t.backup, Backup::sound);
    EXPECT_EQ(all_warnings(t), "");
    EXPECT_TRUE(t.complete);
    EXPECT_EQ(t.logical_sector_size, 512U);
    EXPECT_EQ(t.first_usable_lba, 34U);
    EXPECT_EQ(t.last_usable_lba, 131072U - 34);
    ASSERT_EQ(t.partitions.size(), 2U);
    const Partition& p = t.partitions[0];
    EXPECT_EQ(p.number, 1U);
    EXPECT_EQ(p.type, "0FC63DAF-8483-4772-8E79-3D69D8477DE4");
    EXPECT_EQ(p.type_name, "Linux filesystem");
    EXPECT_EQ(p.uuid, "33334444-2222-1111-A000-000000000000");
    EXPECT_EQ(p.name, "boot");
    EXPECT_TRUE(p.active);
    EXPECT_EQ(p.attributes, 4U);
    EXPECT_EQ(p.start, 2048U);
    EXPECT_EQ(p.sectors, 2048U);
    EXPECT_EQ(p.content.fs, "ext4");
    EXPECT_FALSE(t.partitions[1].active);
}

TEST(Gpt, With4096ByteSectors)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.parts = {{.first = 256, .last = 511}}, .sector = 4096});
    put_ext4(disk, mib);
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::gpt);
    EXPECT_EQ(all_warnings(t), "");
    EXPECT_EQ(t.backup, Backup::sound);
    EXPECT_EQ(t.logical_sector_size, 4096U);
    EXPECT_EQ(t.first_usable_lba, 34U * 8);
    EXPECT_EQ(t.last_usable_lba, (16384U - 34) * 8 + 7);
    ASSERT_EQ(t.partitions.size(), 1U);
    EXPECT_EQ(t.partitions[0].start, 2048U);
    EXPECT_EQ(t.partitions[0].sectors, 2048U);
    EXPECT_EQ(t.partitions[0].content.fs, "ext4");
}

TEST(Gpt, HeaderNeedsAProtectiveMbr)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.protective = false});
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::none);
    EXPECT_TRUE(warns(t, "a GPT header without a protective MBR is ignored"));
}

TEST(Gpt, HybridMbrIsNotListed)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk);
    disk.entry(0, 1, 0x83, 2048, 2048);
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::gpt);
    EXPECT_TRUE(warns(t, "hybrid MBR"));
    EXPECT_EQ(t.partitions.size(), 1U);
}

TEST(Gpt, ProtectiveMbrWithoutGptIsADosTable)
{
    MemoryDisk disk(64 * mib);
    disk.entry(0, 0, 0xEE, 1, 131071);
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::dos);
    EXPECT_EQ(t.backup, Backup::bad);
    EXPECT_TRUE(warns(t, "there is no sound GPT"));
    ASSERT_EQ(t.partitions.size(), 1U);
    EXPECT_EQ(t.partitions[0].type_name, "GPT");
}

struct Damage {
    const char* name;
    std::uint64_t offset; ///< in the primary header
    std::string_view bytes;
    bool seal; ///< make the checksum right again
    const char* why;
};

class DamagedPrimary : public testing::TestWithParam<Damage> {};

TEST_P(DamagedPrimary, FallsBackToTheBackup)
{
    const Damage& damage = GetParam();
    MemoryDisk disk(64 * mib);
    put_gpt(disk);
    disk.hex(512 + damage.offset, damage.bytes);
    if (damage.seal)
        seal_gpt_header(disk, 512);
    put_ext4(disk, mib);
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::gpt);
    EXPECT_EQ(t.id, disk_guid);
    EXPECT_EQ(t.backup, Backup::in_use);
    EXPECT_TRUE(warns(t, damage.why)) << all_warnings(t);
    EXPECT_TRUE(warns(t, "the partitions are those of the backup GPT"));
    ASSERT_EQ(t.partitions.size(), 1U);
    EXPECT_EQ(t.partitions[0].content.fs, "ext4");
    EXPECT_TRUE(t.complete);

    const Table s = drive(disk, {.forward_only = true}).table;
    EXPECT_EQ(s.label, Label::gpt);
    ASSERT_EQ(s.partitions.size(), 1U);
    EXPECT_EQ(s.partitions[0].content.known, Known::unread);
    EXPECT_FALSE(s.complete);

    const Table u = drive(disk, {.limit = 2 * mib}).table;
    EXPECT_EQ(u.backup, Backup::unread);
    EXPECT_FALSE(u.complete);
}

INSTANTIATE_TEST_SUITE_P(
    Gpt, DamagedPrimary,
    testing::Values(
        Damage{"Signature", 0, "00", false, "it is not there"},
        Damage{"Crc", 56, "ff", false, "its checksum is wrong"},
        Damage{"HeaderSize", 12, "ffffffff", false, "its size of"},
        Damage{"HeaderSizeSmall", 12, "5b000000", false, "its size of 91 bytes"},
        Damage{"OtherSector", 24, "02", true, "it belongs to sector 2"},
        Damage{"NoRoom", 40, "ffffffffffffffff", true, "it leaves no room"},
        Damage{"TinyEntries", 84, "10000000", true, "its entry size of 16 bytes"},
        Damage{"HugeEntries", 84, "f8ffffff", true, "its entry size of"},
        Damage{"OddEntries", 84, "81000000", true, "its entry size of 129"},
        Damage{"ManyEntries", 80, "ffffffff", true, "too many to be true"},
        Damage{"EntriesElsewhere", 72, "0010", true, "checksum of its entries is wrong"},
        Damage{"EntriesBeyond", 72, "ffffffffffffffff", true, "beyond the end of the disk"},
        Damage{"EntriesAcrossTheEnd", 72, "f0ff010000000000", true, "beyond the end of the disk"},
        Damage{"EntryBits", 512 + 48, "01", false, "checksum of its entries is wrong"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Gpt, DamagedPrimaryHeaderOfUnknownSizeLeavesTheTableUnread)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk);
    disk.hex(512 + 56, "ff");
    const Table t = drive(disk, {.know_size = false}).table;
    EXPECT_EQ(t.label, Label::unread);
    EXPECT_EQ(t.backup, Backup::unread);
    EXPECT_FALSE(t.complete);
}

TEST(Gpt, WrongEntriesAreListedIfTheBackupIsNoBetter)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.backup = false});
    disk.hex(1024 + 48, "01");
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::gpt);
    EXPECT_EQ(t.backup, Backup::bad);
    EXPECT_TRUE(warns(t, "the checksum of its entries is wrong"));
    EXPECT_TRUE(warns(t, "the backup GPT is damaged: it is not there"));
    EXPECT_EQ(t.partitions.size(), 1U);
}

TEST(Gpt, LostPrimaryWith4096ByteSectors)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.parts = {{.first = 256, .last = 511}}, .sector = 4096});
    disk.hex(4096, "00");
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::gpt);
    EXPECT_EQ(t.backup, Backup::in_use);
    EXPECT_EQ(t.logical_sector_size, 4096U);
    ASSERT_EQ(t.partitions.size(), 1U);
    EXPECT_EQ(t.partitions[0].start, 2048U);
}

TEST(Gpt, DamagedBackupIsReported)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk);
    disk.hex(disk.size() - 512 + 60, "77");
    const Table t = table_of(disk);
    EXPECT_EQ(t.backup, Backup::bad);
    EXPECT_EQ(all_warnings(t), "the backup GPT is damaged: its checksum is wrong\n");
    EXPECT_TRUE(t.complete);
}

TEST(Gpt, DifferentBackupIsReported)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk);
    disk.hex(disk.size() - 512 + 60, "77");
    seal_gpt_header(disk, disk.size() - 512);
    const Table t = table_of(disk);
    EXPECT_EQ(t.backup, Backup::bad);
    EXPECT_EQ(all_warnings(t), "the backup GPT differs from the primary\n");
}

TEST(Gpt, BackupWithOtherEntriesIsReported)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk);
    disk.hex(disk.size() - 33 * 512 + 48, "01");
    const Table t = table_of(disk);
    EXPECT_EQ(t.backup, Backup::bad);
    EXPECT_TRUE(warns(t, "the backup GPT is damaged: the checksum of its entries is wrong"));
}

TEST(Gpt, UnreadBackupMakesTheAnswerIncomplete)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk);
    const Table t = drive(disk, {.limit = 2 * mib}).table;
    EXPECT_EQ(t.backup, Backup::unread);
    EXPECT_EQ(all_warnings(t), "");
    EXPECT_FALSE(t.complete);
}

TEST(Gpt, BackupOfADiskOfUnknownSizeIsWhereThePrimarySays)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk);
    EXPECT_EQ(drive(disk, {.know_size = false}).table.backup, Backup::sound);
}

TEST(Gpt, OfAGrownDisk)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.alternate = 65535});
    const Table t = table_of(disk);
    EXPECT_EQ(t.label, Label::gpt);
    EXPECT_EQ(t.backup, Backup::sound);
    EXPECT_TRUE(
        warns(t, "the backup GPT is at sector 65535, not at the end of the disk at 131071"));
}

TEST(Gpt, OfAShrunkDisk)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.backup = false});
    disk.le(512 + 32, std::uint64_t{1} << 30);
    seal_gpt_header(disk, 512);
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "the disk was shrunk or cut off"));
    EXPECT_EQ(t.backup, Backup::bad);
    EXPECT_EQ(t.partitions.size(), 1U);
}

TEST(Gpt, PrimaryThatNamesItselfAsBackup)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.backup = false});
    disk.le(512 + 32, std::uint64_t{1});
    seal_gpt_header(disk, 512);
    const Table t = table_of(disk);
    EXPECT_EQ(t.backup, Backup::bad);
}

TEST(Gpt, ImpossiblePartitionsAreLeftOut)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.parts = {{.first = 4096, .last = 4095},
                             {.first = UINT64_MAX - 1, .last = UINT64_MAX},
                             {.first = 2048, .last = 4095}}});
    const Table t = table_of(disk);
    EXPECT_TRUE(warns(t, "partition 1 is left out"));
    EXPECT_TRUE(warns(t, "partition 2 is left out"));
    ASSERT_EQ(t.partitions.size(), 1U);
    EXPECT_EQ(t.partitions[0].number, 3U);
}

TEST(Gpt, PartitionOutsideOfTheUsableSectors)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.parts = {{.first = 8, .last = 4095}}});
    EXPECT_TRUE(warns(table_of(disk), "partition 1 lies outside of the usable sectors"));
}

TEST(Gpt, OtherEntrySizesThan128)
{
    for (const std::uint32_t size : {256U, 512U, 4096U, 136U}) {
        MemoryDisk disk(64 * mib);
        put_gpt(disk, {.parts = {{}, {.first = 4096, .last = 8191}}, .entry_size = size});
        const Table t = table_of(disk);
        EXPECT_EQ(t.backup, Backup::sound) << size;
        EXPECT_EQ(t.partitions.size(), 2U);
    }
}

TEST(Gpt, ManyPartitionsAreCut)
{
    MemoryDisk disk(64 * mib);
    GptSpec spec{.parts = {}, .count = 1024};
    for (std::uint64_t i = 0; i < 1000; ++i)
        spec.parts.push_back({.first = 4096 + 8 * i, .last = 4096 + 8 * i + 7});
    put_gpt(disk, spec);
    const Result r = drive(disk);
    EXPECT_EQ(r.table.partitions.size(), max_partitions);
    EXPECT_TRUE(warns(r.table, "only the first 256 partitions are listed"));
    EXPECT_EQ(r.table.backup, Backup::sound);
}

TEST(Gpt, WarningsAreLimited)
{
    MemoryDisk disk(64 * mib);
    GptSpec spec{.parts = {}, .count = 1024};
    for (std::uint64_t i = 0; i < 250; ++i)
        spec.parts.push_back({.first = 4097 + i, .last = 100000});
    put_gpt(disk, spec);
    const Table t = table_of(disk);
    EXPECT_EQ(t.warnings.size(), 101U);
    EXPECT_EQ(t.warnings.back(), "and more");
}

TEST(Gpt, NamesAreUtf16)
{
    MemoryDisk disk(64 * mib);
    put_gpt(disk, {.parts = {{.name = ""}}});
    const std::string_view name = "4100e400ac203dd800de";
    for (const std::uint64_t entries : {std::uint64_t{1024}, disk.size() - 33 * 512})
        disk.hex(entries + 56, name);
    const std::uint32_t crc = bytes::crc32(disk.get(1024, 16384));
    for (const std::uint64_t header : {std::uint64_t{512}, disk.size() - 512}) {
        disk.le(header + 88, crc);
        seal_gpt_header(disk, header);
    }
    const Table t = table_of(disk);
    EXPECT_EQ(all_warnings(t), "");
    EXPECT_EQ(t.partitions.at(0).name, "Aä€😀");
}

} // namespace
} // namespace xenlab::partition::test
