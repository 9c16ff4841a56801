// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/drbl/names.hpp>

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;

TEST(DrblNames, ImageNamesAreShortPlainWords)
{
    for (const char* good : {"gold", "win10-gold", "2006-12-05-22-img", "a", "A.b_c-d", "0"})
        EXPECT_TRUE(is_image_name(good)) << good;
    for (const char* bad : {"", ".", "..", ".hidden", "-x", "a b", "a/b", "../x", "a|b", "ask_user",
                            "autoname", "autohostname", "autoproductname", "btzone", "ä"})
        EXPECT_FALSE(is_image_name(bad)) << bad;
    EXPECT_TRUE(is_image_name(std::string(100, 'a')));
    EXPECT_FALSE(is_image_name(std::string(101, 'a')));
    EXPECT_FALSE(is_image_name(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_image_name("a\n"));
}

TEST(DrblNames, DisksAndPartitionsAreToldApart)
{
    for (const char* disk : {"sda", "sdaa", "vdb", "xvda", "hdc", "nvme0n1", "nvme10n2", "mmcblk0",
                             "md127", "nbd0", "loop0", "cciss/c0d0", "1st-disk"}) {
        EXPECT_TRUE(is_disk_name(disk)) << disk;
        EXPECT_FALSE(is_partition_name(disk)) << disk;
    }
    for (const char* part :
         {"sda1", "sda15", "xvdb2", "nvme0n1p1", "mmcblk0p2", "loop0p1", "cciss/c0d0p1", "md0p3"}) {
        EXPECT_TRUE(is_partition_name(part)) << part;
        EXPECT_FALSE(is_disk_name(part)) << part;
    }
    for (const char* bad :
         {"",        "/dev/sda", "sd",         "sda0",     "sda01",     "sda1p",
          "sda 1",   "nvme0",    "nvme0n",     "nvme0n1p", "nvme0n1p0", "loop",
          "sda1234", "tty1",     "ask_user",   "all",      "SDA",       "sda;reboot",
          "sda1\n",  "cciss/c0", "cciss/../x", "fd0"}) {
        EXPECT_FALSE(is_disk_name(bad)) << bad;
        EXPECT_FALSE(is_partition_name(bad)) << bad;
    }
    EXPECT_EQ(disk_of("nvme0n1p12"), "nvme0n1");
    EXPECT_EQ(disk_of("sda3"), "sda");
    EXPECT_EQ(disk_of("sda"), std::nullopt);
}

TEST(DrblNames, DisksAreCounted)
{
    EXPECT_EQ(disk_number("sda"), 0U);
    EXPECT_EQ(disk_number("xvdb"), 1U);
    EXPECT_EQ(disk_number("hdd"), 3U);
    EXPECT_EQ(disk_number("vdaa"), 26U);
    EXPECT_EQ(disk_number("nvme2n1"), 2U);
    EXPECT_EQ(disk_number("1st-disk"), 0U);
    for (const char* none : {"", "sda1", "nvme0n1p1", "nvme", "cciss/c0d0", "mmcblk0", "md1"})
        EXPECT_EQ(disk_number(none), std::nullopt) << none;
}

TEST(DrblNames, AddressesAreStrict)
{
    EXPECT_EQ(parse_ipv4("10.0.0.255"), 0x0A0000FFU);
    EXPECT_EQ(format_ipv4(0xC0A86401U), "192.168.100.1");
    for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "1.2.3.999", "01.2.3.4", "1.2.3.4 ",
                            "1.2.3.a", "1..2.3", "1.2.3.-4", "0x1.2.3.4", "1.2.3.4\n"})
        EXPECT_EQ(parse_ipv4(bad), std::nullopt) << bad;
    EXPECT_EQ(parse_mac("52:54:00:AA:bb:0C"), "52:54:00:aa:bb:0c");
    EXPECT_EQ(parse_mac("52-54-00-aa-bb-0c"), "52:54:00:aa:bb:0c");
    for (const char* bad : {"", "52:54:00:aa:bb", "52:54:00:aa:bb:0g", "52:54-00:aa:bb:0c",
                            "525400aabb0c", "52:54:00:aa:bb:0c ", "aa bb cc dd ee ff"})
        EXPECT_EQ(parse_mac(bad), std::nullopt) << bad;
}

TEST(DrblNames, CompressionsAreThoseOfTheParser)
{
    for (const char* good : {"0", "1", "1p", "9", "9p", "3", "7"})
        EXPECT_TRUE(is_compression(good)) << good;
    for (const char* bad : {"", "z1", "10", "3p", "4p", "7p", "0p", "p", "1q", "9p "})
        EXPECT_FALSE(is_compression(bad)) << bad;
}

TEST(DrblNames, AHostileNameIsAUsageErrorThatShowsItSafely)
{
    try {
        require_image_name("x\x1b[31m`reboot`");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::usage);
        EXPECT_EQ(std::string(error.what()), R"(not an image name: "x\x1b[31m`reboot`")");
    }
}

} // namespace
