// SPDX-License-Identifier: GPL-3.0-or-later
// FAT, NTFS and ReFS, written by hand.
#include "probe.hpp"

namespace xenlab::partition::test {
namespace {

TEST_F(Probe, ReFs)
{
    disk.hex(0, "0000005265465300");
    EXPECT_EQ(whole().fs, "refs");
}

/// The boot sector of a FAT32 of 8 KiB clusters: FAT at sector 32, clusters from sector 160 on.
void put_fat32(MemoryDisk& disk)
{
    disk.hex(0, "eb58906d6b66732e66617400021020000200000000f80000");
    disk.le(32, std::uint32_t{131072});
    disk.le(36, std::uint32_t{64});
    disk.le(44, std::uint32_t{2});
    disk.hex(66, "2978563412");
    disk.text(71, "NO NAME    FAT32   ");
    disk.boot_signature();
}

void put_file(MemoryDisk& disk, std::uint64_t at, std::string_view name, std::uint8_t attributes)
{
    disk.text(at, name);
    disk.le(at + 11, attributes);
}

constexpr std::uint64_t cluster2 = 160 * 512;

TEST_F(Probe, FatLabelFromTheRootDirectory)
{
    put_fat32(disk);
    Content c = whole();
    EXPECT_EQ(c.fs, "vfat");
    EXPECT_EQ(c.version, "FAT32");
    EXPECT_EQ(c.uuid, "1234-5678");
    EXPECT_EQ(c.label, "");
    EXPECT_TRUE(head_only().label_unread);
    put_file(disk, cluster2, "\xE5LD LABEL  ", 0x08);
    put_file(disk, cluster2 + 32, "Along name ", 0x0F);
    put_file(disk, cluster2 + 64, "DIRECTORY  ", 0x10);
    put_file(disk, cluster2 + 96, "FILE    TXT", 0x20);
    put_file(disk, cluster2 + 128, "EFI  SYS   ", 0x08);
    EXPECT_EQ(whole().label, "EFI  SYS");
}

TEST_F(Probe, FatLabelInALaterCluster)
{
    put_fat32(disk);
    for (std::uint64_t i = 0; i < 256; ++i)
        put_file(disk, cluster2 + 32 * i, "FILE    TXT", 0x20);
    disk.le(32 * 512 + 2 * 4, std::uint32_t{0xF0000007});
    put_file(disk, cluster2 + 5 * 8192, "LATE       ", 0x08);
    EXPECT_EQ(whole().label, "LATE");
    EXPECT_TRUE(drive(disk, {.forward_only = true}).table.whole.label_unread);
    disk.le(32 * 512 + 2 * 4, std::uint32_t{2}); // a loop
    EXPECT_EQ(whole().label, "");
    disk.le(32 * 512 + 2 * 4, std::uint32_t{0x0FFFFFFF});
    EXPECT_EQ(whole().label, "");
}

TEST_F(Probe, FatFallsBackToTheLabelInTheBootSector)
{
    put_fat32(disk);
    disk.text(71, "BOOTLABEL  ");
    EXPECT_EQ(whole().label, "BOOTLABEL");
    EXPECT_EQ(head_only().label, "BOOTLABEL");
    EXPECT_TRUE(head_only().label_unread);
    disk.hex(66, "28");
    EXPECT_EQ(whole().label, "");
}

TEST_F(Probe, FatThatMakesNoSense)
{
    for (const auto& [at, digits] : {std::pair{11, "0001"},
                                     {11, "0003"},
                                     {13, "03"},
                                     {13, "00"},
                                     {14, "0000"},
                                     {16, "00"},
                                     {21, "80"},
                                     {32, "10000000"},
                                     {36, "ffffff0f"},
                                     {48, "0200"}}) {
        MemoryDisk d(mib);
        put_fat32(d);
        d.text(1024, "rubbish");
        d.hex(static_cast<std::uint64_t>(at), digits);
        EXPECT_EQ(table_of(d).whole.known, Known::no) << at;
    }
}

TEST_F(Probe, FatBootSectorOfOtherFilesystems)
{
    put_fat32(disk);
    disk.text(82, "        ");
    EXPECT_EQ(whole().fs, "vfat") << "an old floppy";
    disk.text(54, "HPFS    ");
    EXPECT_NE(whole().fs, "vfat");
    disk.text(54, "        ");
    disk.hex(510, "0000");
    EXPECT_NE(whole().fs, "vfat");
}

/// 4 KiB clusters, $MFT at cluster 32 (outside of the head), records of 1 KiB.
void put_ntfs(MemoryDisk& disk)
{
    disk.hex(0, "eb52904e5446532020202000020800000000000000f80000");
    disk.le(40, std::uint64_t{131071});
    disk.le(48, std::uint64_t{32});
    disk.le(56, std::uint64_t{2});
    disk.hex(64, "f6000000");
    disk.le(72, std::uint64_t{0x0123456789ABCDEF});
    disk.boot_signature();
    const std::uint64_t record = 32 * 4096 + 3 * 1024;
    disk.text(record, "FILE");
    disk.le(record + 4, std::uint16_t{48});
    disk.le(record + 6, std::uint16_t{3});
    disk.le(record + 20, std::uint16_t{56});
    disk.hex(record + 56, "1000000018000000");
    disk.hex(record + 80, "6000000028000000"
                          "0000180000000500"
                          "0c00000018000000");
    disk.hex(record + 104, "440061007400610020003100");
    disk.hex(record + 120, "ffffffff");
    disk.hex(record + 48, "0700"
                          "aabb"
                          "ccdd");
    disk.hex(record + 510, "0700");
    disk.hex(record + 1022, "0700");
}

TEST_F(Probe, NtfsVolumeName)
{
    put_ntfs(disk);
    const Content c = whole();
    EXPECT_EQ(c.fs, "ntfs");
    EXPECT_EQ(c.uuid, "0123456789ABCDEF");
    EXPECT_EQ(c.label, "Data 1");
    EXPECT_FALSE(c.label_unread);
    EXPECT_EQ(table_of(disk).label, Label::none);
    const Table t = drive(disk, {.limit = 72 << 10}).table;
    EXPECT_EQ(t.whole.fs, "ntfs");
    EXPECT_TRUE(t.whole.label_unread);
    EXPECT_FALSE(t.complete);
}

TEST_F(Probe, NtfsVolumeNameAcrossTheUpdateSequence)
{
    put_ntfs(disk);
    const std::uint64_t record = 32 * 4096 + 3 * 1024;
    disk.le(record + 84, std::uint32_t{440});
    disk.le(record + 96, std::uint32_t{16});
    disk.le(record + 100,
            std::uint16_t{418}); // the name is at 80 + 418 = 498: its last letter is replaced
    disk.hex(record + 498, "410042004300440045004600");
    disk.hex(record + 510, "0700");
    disk.hex(record + 50, "4700");
    disk.hex(record + 512, "4800");
    EXPECT_EQ(whole().label, "ABCDEFGH");
    disk.hex(record + 510, "0800");
    EXPECT_EQ(whole().label, "") << "a torn record";
}

TEST_F(Probe, NtfsThatMakesNoSense)
{
    for (const auto& [at, digits] : {std::pair{3, "58"},
                                     {11, "0003"},
                                     {13, "03"},
                                     {13, "80f0"},
                                     {14, "01"},
                                     {16, "01"},
                                     {19, "01"},
                                     {22, "01"},
                                     {32, "01"},
                                     {48, "ffffffffffffff7f"},
                                     {56, "ffffffffffffff7f"},
                                     {64, "00"},
                                     {64, "c0"},
                                     {64, "e1"},
                                     {64, "03"}}) {
        MemoryDisk d(mib);
        put_ntfs(d);
        d.hex(static_cast<std::uint64_t>(at), digits);
        EXPECT_NE(table_of(d).whole.fs, "ntfs") << at << " " << digits;
    }
}

} // namespace
} // namespace xenlab::partition::test
