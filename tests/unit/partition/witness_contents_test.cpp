// SPDX-License-Identifier: GPL-3.0-or-later
// Real filesystems by the mkfs programs, judged by blkid.
#include "witness_blkid.hpp"

#include <fmt/format.h>

namespace xenlab::partition::test {
namespace {

struct Recipe {
    std::string name;
    std::string program;
    std::string command; ///< IMG is replaced by the image
    std::uint64_t mib;
    std::string label; ///< empty: whatever blkid says
};

const std::vector<Recipe>& recipes()
{
    constexpr auto luks =
        "printf secret > IMG.key; cryptsetup luksFormat -q --batch-mode --pbkdf pbkdf2 "
        "--pbkdf-force-iterations 1000 --key-file IMG.key ";
    static const std::vector<Recipe> all = {
        {"ext2", "mkfs.ext2", "mkfs.ext2 -q -F -L 'two words' IMG", 4, "two words"},
        {"ext3", "mkfs.ext3", "mkfs.ext3 -q -F -L three IMG", 8, "three"},
        {"ext4", "mkfs.ext4", "mkfs.ext4 -q -F -L würzig IMG", 16, "würzig"},
        {"ext4_without_journal", "mkfs.ext4", "mkfs.ext4 -q -F -O ^has_journal IMG", 8, ""},
        {"ext4_of_64k_blocks", "mkfs.ext4", "mkfs.ext4 -q -F -b 65536 IMG", 64, ""},
        {"jbd", "mkfs.ext4", "mkfs.ext4 -q -F -b 4096 -O journal_dev -L log IMG", 16, "log"},
        {"xfs", "mkfs.xfs", "mkfs.xfs -q -f -L xfslabel IMG", 320, "xfslabel"},
        {"xfs_of_v4", "mkfs.xfs", "mkfs.xfs -q -f -m crc=0 -b size=1024 IMG", 320, ""},
        {"btrfs", "mkfs.btrfs", "mkfs.btrfs -q -f -L 'b tree' IMG", 128, "b tree"},
        {"ntfs", "mkntfs", "mkntfs -q -F -Q -L Größe IMG", 8, "Größe"},
        {"ntfs_of_64k_clusters", "mkntfs", "mkntfs -q -F -Q -c 65536 -L Windows IMG", 32,
         "Windows"},
        {"ntfs_without_label", "mkntfs", "mkntfs -q -F -Q IMG", 8, ""},
        {"fat12", "mkfs.fat", "mkfs.fat -F 12 -n FLOPPY IMG", 2, "FLOPPY"},
        {"fat16", "mkfs.fat", "mkfs.fat -F 16 -n 'EFI SYS' IMG", 20, "EFI SYS"},
        {"fat32", "mkfs.fat", "mkfs.fat -F 32 -n ESP IMG", 64, "ESP"},
        {"fat32_without_label", "mkfs.fat", "mkfs.fat -F 32 IMG", 64, ""},
        {"fat32_of_4096_byte_sectors", "mkfs.fat", "mkfs.fat -F 32 -S 4096 -n BIG IMG", 300, "BIG"},
        {"exfat", "mkfs.exfat", "mkfs.exfat -L 'Kärtchen' IMG", 8, "Kärtchen"},
        {"exfat_without_label", "mkfs.exfat", "mkfs.exfat IMG", 64, ""},
        {"swap", "mkswap", "mkswap -L swap1 IMG", 2, "swap1"},
        {"swap_of_64k_pages", "mkswap", "mkswap -p 65536 IMG", 2, ""},
        {"luks1", "cryptsetup", std::string(luks) + "--type luks1 IMG", 4, ""},
        {"luks2", "cryptsetup", std::string(luks) + "--type luks2 --label vault IMG", 32, "vault"},
        {"iso9660", "genisoimage",
         "mkdir IMG.d; genisoimage -quiet -V CDROM_1 -o IMG.iso IMG.d && cat IMG.iso 1<> IMG >&1",
         2, "CDROM_1"},
        {"joliet", "genisoimage",
         "mkdir IMG.d; genisoimage -quiet -J -R -V 'A label longer than 16' -o IMG.iso IMG.d && "
         "cat IMG.iso 1<> IMG >&1",
         2, "A label longer than 16"},
        {"squashfs", "mksquashfs",
         "mkdir IMG.d; mksquashfs IMG.d IMG.sq -quiet && cat IMG.sq 1<> IMG >&1", 2, ""},
        {"f2fs", "mkfs.f2fs", "mkfs.f2fs -q -f -l flash IMG", 64, "flash"},
        {"udf", "mkudffs", "mkudffs -l 'U D F' IMG", 16, "U D F"},
        {"udf_of_2048", "mkudffs", "mkudffs -b 2048 -l ☃ IMG", 16, "☃"},
        {"jfs", "mkfs.jfs", "mkfs.jfs -q -L jay IMG", 32, "jay"},
        {"reiserfs", "mkreiserfs", "mkreiserfs -q -f -f -l old IMG", 64, "old"},
    };
    return all;
}

class Contents : public testing::TestWithParam<Recipe> {
  protected:
    Scratch scratch;
};

std::string replaced(std::string text, const std::string& from, const std::string& to)
{
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

TEST_P(Contents, AreSeenAsBlkidSeesThem)
{
    const Recipe& recipe = GetParam();
    NEED("blkid");
    NEED(recipe.program);
    FileDisk image(scratch.file("content.img"), recipe.mib * mib);
    const std::string make = replaced(recipe.command, "IMG", quoted(image.path()));
    ASSERT_EQ(shell(make).status, 0) << make;

    const Table bare = drive(image).table;
    EXPECT_EQ(bare.label, Label::none);
    EXPECT_TRUE(bare.complete);
    expect_as_blkid(bare.whole, quoted(image.path()));
    EXPECT_TRUE(recipe.label.empty() || bare.whole.label == recipe.label) << bare.whole.label;

    FileDisk disk(scratch.file("disk.img"), (recipe.mib + 2) * mib);
    MemoryDisk table(mib);
    table.entry(0, 0, 0x83, 2048, static_cast<std::uint32_t>(recipe.mib * 2048));
    disk.put(0, table.get(0, 512));
    disk.place(image, mib);
    const Result inside = drive(disk);
    ASSERT_EQ(inside.table.partitions.size(), 1U);
    const Content& content = inside.table.partitions[0].content;
    EXPECT_EQ(content, bare.whole);
    expect_as_blkid(content,
                    fmt::format("-O {} -S {} {}", mib, recipe.mib * mib, quoted(disk.path())));

    const Content streamed =
        drive(disk, {.know_size = false, .forward_only = true}).table.partitions.at(0).content;
    if (content.fs == "udf") { // its descriptors lie in front of the anchor that leads to them
        EXPECT_TRUE(streamed.label_unread);
    } else {
        EXPECT_EQ(streamed, content);
    }
    const Content early = drive(disk, {.limit = mib + (200 << 10)}).table.partitions.at(0).content;
    EXPECT_EQ(early.fs, content.fs);
    EXPECT_TRUE(early.label == content.label || early.label_unread);
}

INSTANTIATE_TEST_SUITE_P(Witness, Contents, testing::ValuesIn(recipes()),
                         [](const auto& test) { return test.param.name; });

// Neither LVM nor md makes members of files: blkid and mdadm judge hand-made ones.
TEST(Witness, MdMember)
{
    NEED("mdadm");
    NEED("blkid");
    const Scratch scratch;
    FileDisk image(scratch.file("md.img"), 8 * mib);
    MemoryDisk made(8 * mib);
    made.le(4096, std::uint32_t{0xA92B4EFC});
    made.le(4100, std::uint32_t{1});
    made.hex(4096 + 16, "00112233445566778899aabbccddeeff");
    made.text(4096 + 32, "lab:mirror");
    made.le(4096 + 72, std::uint32_t{1});
    made.le(4096 + 80, std::uint64_t{8192});
    made.le(4096 + 92, std::uint32_t{2});
    made.le(4096 + 128, std::uint64_t{2048});
    made.le(4096 + 136, std::uint64_t{14336});
    made.le(4096 + 144, std::uint64_t{8});
    made.le(4096 + 220, std::uint32_t{2});
    made.hex(4096 + 256, "00000100");
    std::uint64_t sum = 0;
    const Bytes sb = made.get(4096, 260);
    for (std::size_t i = 0; i < 260; i += 4)
        sum += bytes::le32(sb, i);
    made.le(4096 + 216, static_cast<std::uint32_t>((sum >> 32) + sum));
    image.put(4096, made.get(4096, 512));
    const Content whole = drive(image).table.whole;
    expect_as_blkid(whole, quoted(image.path()));
    EXPECT_EQ(whole.fs, "linux_raid");
    const std::string examined = shell("mdadm --examine " + quoted(image.path())).out;
    EXPECT_NE(examined.find("Array UUID : 00112233:44556677:8899aabb:ccddeeff"), std::string::npos);
    EXPECT_NE(examined.find("Checksum : "), std::string::npos);
    EXPECT_NE(examined.find("correct"), std::string::npos) << examined;
}

TEST(Witness, PhysicalVolume)
{
    NEED("blkid");
    const Scratch scratch;
    FileDisk image(scratch.file("pv.img"), 8 * mib);
    MemoryDisk made(mib);
    made.text(512, "LABELONE");
    made.le(520, std::uint64_t{1});
    made.le(532, std::uint32_t{32});
    made.text(536, "LVM2 001");
    made.text(544, "Zv4fQs7aKq1cLm9dRb2eXt5gYw8hUn3j");
    const Bytes label = made.get(512, 512);
    made.le(528, ~bytes::crc32(bytes::View{label}.subspan(20), ~std::uint32_t{0xF597A6CF}));
    image.put(512, made.get(512, 512));
    expect_as_blkid(drive(image).table.whole, quoted(image.path()));
}

} // namespace
} // namespace xenlab::partition::test
