// SPDX-License-Identifier: GPL-3.0-or-later
// Formats that no tool at hand writes, and the rules that keep random bytes from being taken for
// one. What tools do write is in witness_test.cpp.
#include "detect.hpp"
#include "disk.hpp"

#include <fmt/format.h>

namespace xenlab::partition::test {
namespace {

using namespace std::string_view_literals;

constexpr auto uuid_bytes = "00112233445566778899aabbccddeeff"sv;
constexpr auto uuid_text = "00112233-4455-6677-8899-aabbccddeeff";

/// A bare disk, probed as a whole.
class Probe : public testing::Test {
  protected:
    MemoryDisk disk{64 * mib};

    Content whole() { return table_of(disk).whole; }
    Content head_only() { return drive(disk, {.limit = 72 << 10}).table.whole; }
};

TEST_F(Probe, NothingIsRecognisedInZeros)
{
    const Content c = whole();
    EXPECT_EQ(c.known, Known::no);
    EXPECT_EQ(c.fs, "");
}

TEST_F(Probe, ExtGenerations)
{
    struct Case {
        std::uint32_t compat, incompat, ro_compat;
        std::string_view fs;
    };
    for (const Case& c :
         {Case{0, 0x2, 0x1, "ext2"}, Case{0x4, 0x2, 0x3, "ext3"}, Case{0x4, 0x6, 0x3, "ext3"},
          Case{0, 0x6, 0x3, "ext4"}, Case{0x4, 0x42, 0x3, "ext4"}, Case{0, 0x42, 0x3, "ext4"},
          Case{0x4, 0x2, 0x8, "ext4"}, Case{0, 0x8, 0, "jbd"}}) {
        put_ext4(disk, 0);
        disk.le(1024 + 92, c.compat);
        disk.le(1024 + 96, c.incompat);
        disk.le(1024 + 100, c.ro_compat);
        EXPECT_EQ(whole().fs, c.fs);
    }
}

TEST_F(Probe, ExtNeedsMoreThanTwoMagicBytes)
{
    disk.hex(1024 + 56, "53ef");
    EXPECT_EQ(whole().known, Known::no);
    for (const auto& [at, digits] : {std::pair{24, "20000000"},
                                     {0, "00000000"},
                                     {4, "00000000"},
                                     {20, "07000000"},
                                     {32, "00000000"},
                                     {32, "ffffff00"}}) {
        MemoryDisk bad(mib);
        put_ext4(bad, 0);
        bad.hex(1024 + static_cast<std::uint64_t>(at), digits);
        EXPECT_EQ(table_of(bad).whole.known, Known::no) << at;
    }
}

TEST_F(Probe, LabelsThatAreNotUtf8)
{
    put_ext4(disk, 0, "a\xFFz  ");
    EXPECT_EQ(whole().label, "a\xEF\xBF\xBDz");
}

TEST_F(Probe, MdInFront)
{
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{4096}}) {
        MemoryDisk d(mib);
        d.le(at, std::uint32_t{0xA92B4EFC});
        d.le(at + 4, std::uint32_t{1});
        d.hex(at + 16, uuid_bytes);
        d.text(at + 32, "lab:0");
        d.le(at + 144, at / 512);
        d.le(at + 220, std::uint32_t{3});
        d.hex(at + 256, "000001000200");
        std::uint64_t sum = 0;
        const Bytes sb = d.get(at, 264);
        for (std::size_t i = 0; i < 264; i += 4)
            sum += bytes::le32(sb, i);
        d.le(at + 216, static_cast<std::uint32_t>((sum >> 32) + sum));
        const Content c = table_of(d).whole;
        EXPECT_EQ(c.fs, "linux_raid");
        EXPECT_EQ(c.version, at == 0 ? "1.1" : "1.2");
        EXPECT_EQ(c.label, "lab:0");
        EXPECT_EQ(c.uuid, uuid_text);
        d.hex(at + 100, "01");
        EXPECT_EQ(table_of(d).whole.known, Known::no);
    }
}

/// A partition of 10 MiB less 4 sectors at 1 MiB, of a RAID type.
struct RaidDisk : MemoryDisk {
    static constexpr std::uint64_t size = 10 * mib - 2048;
    RaidDisk() : MemoryDisk(16 * mib)
    {
        entry(0, 0, 0xFD, 2048, size / 512);
        put_ext4(*this, mib);
    }
    Content first(const Driver& driver = {})
    {
        return drive(*this, driver).table.partitions.at(0).content;
    }
};

TEST_F(Probe, Md090AtTheEndComesBeforeWhatIsInFront)
{
    RaidDisk d;
    EXPECT_EQ(d.first().fs, "ext4");
    const std::uint64_t at = mib + RaidDisk::size / 65536 * 65536 - 65536;
    d.le(at, std::uint32_t{0xA92B4EFC});
    d.le(at + 8, std::uint32_t{90});
    d.le(at + 20, std::uint32_t{0x00112233});
    d.le(at + 52, std::uint32_t{0x44556677});
    d.le(at + 56, std::uint32_t{0x8899AABB});
    d.le(at + 60, std::uint32_t{0xCCDDEEFF});
    const Content c = d.first();
    EXPECT_EQ(c.fs, "linux_raid");
    EXPECT_EQ(c.version, "0.90.0");
    EXPECT_EQ(c.uuid, uuid_text);
    EXPECT_EQ(c.label, "");
}

TEST_F(Probe, UnreadEndOfARaidPartitionLeavesItUnread)
{
    RaidDisk d;
    EXPECT_EQ(d.first({.limit = 2 * mib}).known, Known::unread);
    EXPECT_EQ(d.first({.limit = 2 * mib}).fs, "");
}

TEST_F(Probe, Md10AtTheEnd)
{
    RaidDisk d;
    const std::uint64_t super = RaidDisk::size / 4096 * 4096 - 8192;
    const std::uint64_t at = mib + super;
    d.le(at, std::uint32_t{0xA92B4EFC});
    d.le(at + 4, std::uint32_t{1});
    d.hex(at + 16, uuid_bytes);
    d.le(at + 144, super / 512);
    std::uint64_t sum = 0;
    const Bytes sb = d.get(at, 256);
    for (std::size_t i = 0; i < 256; i += 4)
        sum += bytes::le32(sb, i);
    d.le(at + 216, static_cast<std::uint32_t>((sum >> 32) + sum));
    const Content c = d.first();
    EXPECT_EQ(c.fs, "linux_raid");
    EXPECT_EQ(c.version, "1.0");
    EXPECT_EQ(c.uuid, uuid_text);
}

void put_pv(MemoryDisk& disk, std::uint64_t sector)
{
    const std::uint64_t at = sector * 512;
    disk.text(at, "LABELONE");
    disk.le(at + 8, sector);
    disk.le(at + 20, std::uint32_t{32});
    disk.text(at + 24, "LVM2 001");
    disk.text(at + 32, "abcdefghijklmnopqrstuvwxyz012345");
    const Bytes label = disk.get(at, 512);
    disk.le(at + 16, ~bytes::crc32(bytes::View{label}.subspan(20), ~std::uint32_t{0xF597A6CF}));
}

TEST_F(Probe, PhysicalVolumeInAnyOfTheFirstFourSectors)
{
    for (const std::uint64_t sector : {0U, 1U, 2U, 3U}) {
        MemoryDisk d(mib);
        put_pv(d, sector);
        const Content c = table_of(d).whole;
        EXPECT_EQ(c.fs, "lvm2");
        EXPECT_EQ(c.uuid, "abcdef-ghij-klmn-opqr-stuv-wxyz-012345");
        d.hex(sector * 512 + 16, "00000000");
        EXPECT_EQ(table_of(d).whole.known, Known::no);
    }
}

TEST_F(Probe, PhysicalVolumeBehindAnEmptyMbrIsTheWholeDisk)
{
    put_pv(disk, 1);
    disk.boot_signature();
    EXPECT_EQ(table_of(disk).label, Label::none);
    EXPECT_EQ(whole().fs, "lvm2");
}

TEST_F(Probe, Luks)
{
    disk.hex(0, "4c554b53babe0001");
    disk.text(168, uuid_text);
    EXPECT_EQ(whole().fs, "luks");
    EXPECT_EQ(whole().version, "1");
    EXPECT_EQ(whole().uuid, uuid_text);
    disk.hex(6, "0002");
    disk.text(24, "secret");
    EXPECT_EQ(whole().version, "2");
    EXPECT_EQ(whole().label, "secret");
    disk.hex(256, "0000000000004000");
    EXPECT_EQ(whole().known, Known::no);
    disk.hex(6, "0009");
    EXPECT_EQ(whole().known, Known::no);
}

TEST_F(Probe, SwapOfEveryPageSize)
{
    for (const std::uint64_t page : {4096U, 8192U, 16384U, 32768U, 65536U}) {
        MemoryDisk d(mib);
        d.text(page - 10, "SWAPSPACE2");
        EXPECT_EQ(table_of(d).whole.known, Known::no) << "without a header";
        d.le(1024, std::uint32_t{1});
        d.le(1028, std::uint32_t{255});
        d.hex(1036, uuid_bytes);
        d.text(1052, "swap1");
        Content c = table_of(d).whole;
        EXPECT_EQ(c.fs, "swap");
        EXPECT_EQ(c.version, "1");
        EXPECT_EQ(c.label, "swap1");
        EXPECT_EQ(c.uuid, uuid_text);
        d.hex(1024 + 172, "01");
        EXPECT_EQ(table_of(d).whole.uuid, "");
        d.text(page - 10, "S1SUSPEND\0"sv);
        EXPECT_EQ(table_of(d).whole.fs, "swsuspend");
        d.text(page - 10, "SWAP-SPACE");
        c = table_of(d).whole;
        EXPECT_EQ(c.fs, "swap");
        EXPECT_EQ(c.version, "0");
    }
}

TEST_F(Probe, BitLockerOfWindows7)
{
    disk.hex(0, "eb58902d4656452d46532d");
    EXPECT_EQ(whole().known, Known::no) << "without the GUID";
    disk.hex(160, "3bd66749292ed84a8399f6a339e3d001");
    disk.le(176, 32 * mib);
    disk.boot_signature();
    EXPECT_EQ(whole().fs, "bitlocker");
    EXPECT_EQ(whole().uuid, "");
    disk.text(32 * mib, "-FVE-FS-");
    disk.le(32 * mib + 10, std::uint16_t{2});
    disk.le(32 * mib + 64, std::uint32_t{48 + 8 + 20});
    disk.hex(32 * mib + 64 + 16, "33221100554477668899aabbccddeeff");
    disk.hex(32 * mib + 64 + 48, "1400030000000100"
                                 "000000000000000000000000");
    disk.hex(32 * mib + 64 + 68, "0800");
    EXPECT_EQ(whole().uuid, uuid_text);
    EXPECT_EQ(whole().version, "2");
    EXPECT_EQ(whole().label, "");
    disk.hex(32 * mib + 64 + 48, "0e0007000200010043003a000000");
    EXPECT_EQ(whole().label, "C:");
    EXPECT_TRUE(head_only().label_unread);
    EXPECT_EQ(head_only().fs, "bitlocker");
}

TEST_F(Probe, BitLockerToGoAndVista)
{
    disk.hex(0, "eb58904d5357494e342e31");
    disk.hex(424, "3bd66749292ed84a8399f6a339e3d001");
    EXPECT_EQ(whole().fs, "bitlocker");
    disk.hex(0, "eb52902d4656452d46532d");
    EXPECT_EQ(whole().fs, "bitlocker");
}

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

TEST_F(Probe, Zfs)
{
    const std::uint64_t at = 16 << 10;
    disk.hex(at, "01010000"
                 "00000000"
                 "00000001");
    disk.hex(at + 12, "00000024"
                      "00000020"
                      "00000004"
                      "6e616d65"
                      "00000009"
                      "00000001"
                      "00000004"
                      "74616e6b");
    disk.hex(at + 12, "00000020");
    disk.hex(at + 44, "0000002c"
                      "00000020"
                      "00000009"
                      "706f6f6c5f67756964000000"
                      "00000008"
                      "00000001"
                      "0000000000003039");
    EXPECT_EQ(whole().fs, "zfs_member");
    EXPECT_EQ(whole().label, "tank");
    EXPECT_EQ(whole().uuid, "12345");
}

TEST_F(Probe, Hfs)
{
    disk.text(1024, "BD");
    EXPECT_EQ(whole().known, Known::no);
    disk.be(1024 + 18, std::uint16_t{100});
    disk.be(1024 + 20, std::uint32_t{4096});
    disk.text(1024 + 36, "\x04"
                         "Disk");
    EXPECT_EQ(whole().fs, "hfs");
    EXPECT_EQ(whole().label, "Disk");
    disk.text(1024 + 124, "H+");
    EXPECT_EQ(whole().fs, "hfsplus");
}

TEST_F(Probe, HfsPlus)
{
    disk.text(1024, "H+");
    EXPECT_EQ(whole().known, Known::no);
    disk.be(1026, std::uint16_t{4});
    disk.be(1024 + 40, std::uint32_t{4096});
    disk.be(1024 + 44, std::uint32_t{4096});
    EXPECT_EQ(whole().fs, "hfsplus");
    disk.text(1024, "HX");
    EXPECT_EQ(whole().known, Known::no);
    disk.be(1026, std::uint16_t{5});
    EXPECT_EQ(whole().fs, "hfsplus");
}

TEST_F(Probe, Apfs)
{
    disk.le(24, std::uint16_t{1});
    disk.text(32, "NXSB");
    disk.le(36, std::uint32_t{4096});
    disk.hex(72, uuid_bytes);
    EXPECT_EQ(whole().known, Known::no);
    // Fletcher's sum is right if summing up over the block with its own checksum behind gives zero.
    const Bytes block = disk.get(0, 4096);
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    for (std::size_t i = 8; i < 4096; i += 4) {
        low = (low + bytes::le32(block, i)) % 0xFFFFFFFF;
        high = (high + low) % 0xFFFFFFFF;
    }
    const std::uint64_t first = 0xFFFFFFFF - (low + high) % 0xFFFFFFFF;
    const std::uint64_t second = 0xFFFFFFFF - (low + first) % 0xFFFFFFFF;
    disk.le(0, second << 32 | first);
    EXPECT_EQ(whole().fs, "apfs");
    EXPECT_EQ(whole().uuid, uuid_text);
}

TEST_F(Probe, Ufs)
{
    for (const std::uint64_t at : {65536U, 8192U}) {
        MemoryDisk d(mib);
        d.le(at + 1372, std::uint32_t{0x19540119});
        EXPECT_EQ(table_of(d).whole.known, Known::no);
        d.le(at + 48, std::uint32_t{32768});
        d.le(at + 52, std::uint32_t{4096});
        d.le(at + 144, std::uint32_t{0x5F000001});
        d.text(at + 680, "rootfs");
        Content c = table_of(d).whole;
        EXPECT_EQ(c.fs, "ufs");
        EXPECT_EQ(c.version, "2");
        EXPECT_EQ(c.label, "rootfs");
        EXPECT_EQ(c.uuid, "5f00000100000000");
        d.be(at + 1372, std::uint32_t{0x00011954});
        d.be(at + 48, std::uint32_t{8192});
        d.be(at + 52, std::uint32_t{1024});
        c = table_of(d).whole;
        EXPECT_EQ(c.version, "1");
        EXPECT_EQ(c.label, "");
    }
}

TEST_F(Probe, ReiserFs)
{
    disk.text(65536 + 52, "ReIsEr2Fs");
    EXPECT_EQ(whole().known, Known::no);
    disk.le(65536 + 44, std::uint16_t{4096});
    disk.le(65536 + 12, std::uint32_t{12});
    EXPECT_EQ(whole().known, Known::no) << "in the journal";
    disk.le(65536 + 12, std::uint32_t{18});
    disk.hex(65536 + 84, uuid_bytes);
    disk.text(65536 + 100, "old");
    EXPECT_EQ(whole().fs, "reiserfs");
    EXPECT_EQ(whole().version, "3.6");
    EXPECT_EQ(whole().label, "old");
    EXPECT_EQ(whole().uuid, uuid_text);
    disk.text(65536 + 52, "ReIsErFs\0"sv);
    EXPECT_EQ(whole().version, "3.5");
    EXPECT_EQ(whole().uuid, "");
}

TEST_F(Probe, Jfs)
{
    disk.text(32768, "JFS1");
    EXPECT_EQ(whole().known, Known::no);
    disk.le(32768 + 16, std::uint32_t{4096});
    disk.hex(32768 + 20, "0c000300");
    disk.le(32768 + 24, std::uint32_t{512});
    disk.hex(32768 + 28, "0900");
    disk.hex(32768 + 136, uuid_bytes);
    disk.text(32768 + 152, "jay");
    EXPECT_EQ(whole().fs, "jfs");
    EXPECT_EQ(whole().label, "jay");
    EXPECT_EQ(whole().uuid, uuid_text);
}

TEST_F(Probe, SquashFs)
{
    disk.text(0, "hsqs");
    EXPECT_EQ(whole().known, Known::no);
    disk.le(12, std::uint32_t{131072});
    disk.le(22, std::uint16_t{17});
    disk.le(28, std::uint16_t{4});
    EXPECT_EQ(whole().fs, "squashfs");
    EXPECT_EQ(whole().version, "4.0");
}

TEST_F(Probe, F2fs)
{
    disk.le(1024, std::uint32_t{0xF2F52010});
    disk.hex(1028, "01001000");
    disk.hex(1024 + 108, uuid_bytes);
    disk.hex(1024 + 124, "6600320066007300");
    EXPECT_EQ(whole().fs, "f2fs");
    EXPECT_EQ(whole().version, "1.16");
    EXPECT_EQ(whole().label, "f2fs");
    EXPECT_EQ(whole().uuid, uuid_text);
    disk.le(1024 + 32, std::uint32_t{3068});
    EXPECT_EQ(whole().known, Known::no);
    disk.le(1024 + 3068, ~bytes::crc32(disk.get(1024, 3068), ~std::uint32_t{0xF2F52010}));
    EXPECT_EQ(whole().fs, "f2fs");
    disk.le(1024 + 32, std::uint32_t{0xFFFFFFFE});
    EXPECT_EQ(whole().known, Known::no);
}

TEST_F(Probe, Udf)
{
    disk.text(32768, "\0BEA01\1"sv);
    disk.text(32768 + 2048, "\0NSR02\1"sv);
    disk.text(32768 + 4096, "\0TEA01\1"sv);
    EXPECT_EQ(whole().fs, "udf");
    EXPECT_EQ(whole().label, "");
    EXPECT_TRUE(head_only().label_unread);
    const std::uint64_t block = 2048;
    disk.le(256 * block, std::uint16_t{2});
    disk.le(256 * block + 12, std::uint32_t{256});
    disk.le(256 * block + 16, std::uint32_t{16 * 2048});
    disk.le(256 * block + 20, std::uint32_t{257});
    disk.le(257 * block, std::uint16_t{1});
    disk.le(257 * block + 12, std::uint32_t{257});
    disk.text(257 * block + 72, "\x08"
                                "ABCDEF0123456789LinuxUDF");
    disk.hex(257 * block + 72 + 127, "19");
    disk.le(258 * block, std::uint16_t{6});
    disk.le(258 * block + 12, std::uint32_t{258});
    disk.hex(258 * block + 84, "10"
                               "00440056004420ac");
    disk.hex(258 * block + 84 + 127, "09");
    disk.le(258 * block + 240, std::uint16_t{0x0260});
    EXPECT_EQ(whole().version, "2.60");
    EXPECT_EQ(whole().label, "DVD€");
    EXPECT_EQ(whole().uuid, "abcdef0123456789");
    disk.text(257 * block + 73, "ABCDEF01xyz.");
    EXPECT_EQ(whole().uuid, "abcdef0178797a2e");
    disk.text(257 * block + 73, "Disc nr1");
    EXPECT_EQ(whole().uuid, "44697363206e7231");
}

TEST_F(Probe, VmfsByItsType)
{
    MemoryDisk d(16 * mib);
    d.entry(0, 0, 0xFB, 2048, 20480);
    d.hex(2 * mib, "0dd001c0");
    d.text(2 * mib + 532, "5c8a0000-12345678-abcd-001122334455");
    d.hex(3 * mib, "5ef1ab2f");
    d.text(3 * mib + 29, "datastore1");
    const Content c = table_of(d).partitions.at(0).content;
    EXPECT_EQ(c.fs, "vmfs");
    EXPECT_EQ(c.uuid, "5c8a0000-12345678-abcd-001122334455");
    EXPECT_EQ(c.label, "datastore1");
    EXPECT_EQ(drive(d, {.limit = 3 * mib / 2}).table.partitions.at(0).content.known, Known::unread);
}

TEST_F(Probe, NeverReadsBehindThePartition)
{
    MemoryDisk d(16 * mib);
    d.entry(0, 0, 0x83, 2048, 3);
    put_ext4(d, mib);
    const Result r = drive(d);
    EXPECT_EQ(r.table.partitions.at(0).content.known, Known::no);
    ASSERT_EQ(r.wants.size(), 2U);
    EXPECT_EQ(r.wants[1].length, 3U * 512);
}

/// Random bytes with nothing but a magic number in the right place.
TEST_F(Probe, MagicNumbersAmongRandomBytes)
{
    struct Magic {
        std::uint64_t at;
        std::string_view bytes;
    };
    constexpr Magic magics[] = {{1080, "\x53\xEF"sv},
                                {0, "XFSB"sv},
                                {65536 + 64, "_BHRfS_M"sv},
                                {3, "NTFS    "sv},
                                {82, "FAT32   "sv},
                                {54, "FAT16   "sv},
                                {3, "EXFAT   "sv},
                                {0, "LUKS\xBA\xBE"sv},
                                {512, "LABELONE"sv},
                                {0, "hsqs"sv},
                                {1024, "H+"sv},
                                {1024, "BD"sv},
                                {32768, "JFS1"sv},
                                {65536 + 52, "ReIsErFs"sv},
                                {4086, "SWAPSPACE2"sv},
                                {4096, "\xFC\x4E\x2B\xA9"sv},
                                {8192 + 1372, "\x54\x19\x01\x00"sv}};
    std::uint32_t state = 12345;
    for (const Magic& magic : magics) {
        for (int round = 0; round < 20; ++round) {
            Bytes head(probe_length);
            for (std::byte& b : head)
                b = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);
            std::copy_n(reinterpret_cast<const std::byte*>(magic.bytes.data()), magic.bytes.size(),
                        head.begin() + static_cast<std::ptrdiff_t>(magic.at));
            EXPECT_EQ(recognise(head).known, Known::no) << magic.at << " " << recognise(head).fs;
        }
    }
}

} // namespace
} // namespace xenlab::partition::test
