// SPDX-License-Identifier: GPL-3.0-or-later
// LUKS and BitLocker, which show that they are there and no more.
#include "probe.hpp"

namespace xenlab::partition::test {
namespace {

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

} // namespace
} // namespace xenlab::partition::test
