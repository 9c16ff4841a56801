// SPDX-License-Identifier: GPL-3.0-or-later
// Filesystems of Linux, and its swap.
#include "probe.hpp"

namespace xenlab::partition::test {
namespace {

using namespace std::string_view_literals;

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

} // namespace
} // namespace xenlab::partition::test
