// SPDX-License-Identifier: GPL-3.0-or-later
// Filesystems of other systems and of optical discs: ZFS, HFS, APFS, UFS, UDF, VMFS.
#include "probe.hpp"

namespace xenlab::partition::test {
namespace {

using namespace std::string_view_literals;

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

} // namespace
} // namespace xenlab::partition::test
