// SPDX-License-Identifier: GPL-3.0-or-later
// Disks and partitions that belong to something larger: md arrays, LVM2 volume groups.
#include "probe.hpp"

namespace xenlab::partition::test {
namespace {

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

} // namespace
} // namespace xenlab::partition::test
