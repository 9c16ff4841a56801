// SPDX-License-Identifier: GPL-3.0-or-later
#include "disk.hpp"
#include "mbr.hpp"

#include <fstream>

namespace xenlab::partition::test {
namespace {

Bytes sector_with(std::string_view opening_hex, std::string_view text = {})
{
    MemoryDisk disk(512);
    disk.hex(0, opening_hex);
    disk.text(0x100, text);
    return disk.get(0, 512);
}

TEST(BootCode, NoneAndUnknown)
{
    MemoryDisk disk(512);
    disk.entry(0, 0, 0x83, 1, 1);
    disk.le(440, std::uint32_t{7});
    EXPECT_EQ(boot_code(disk.get(0, 512)), "none");
    EXPECT_EQ(boot_code(sector_with("eb")), "unknown");
    EXPECT_EQ(boot_code({}), "none");
}

// The opening instructions of the real ones; the rest is not ours to copy.
TEST(BootCode, OfWindows)
{
    EXPECT_EQ(boot_code(sector_with("33c08ed0bc007c8ec08ed8be007cbf0006b90002")), "windows-nt6");
    EXPECT_EQ(boot_code(sector_with("33c08ed0bc007cfb5007501ffcbe1b7cbf1b06")), "windows-nt5");
    EXPECT_EQ(boot_code(sector_with("33c08ed0bc007cfb5007501ffc50be007cbf1b06")), "windows-9x");
    EXPECT_EQ(boot_code(sector_with("33c08ed0bc007c")), "unknown");
}

TEST(BootCode, OfOldLoaders)
{
    using namespace std::string_view_literals;
    constexpr auto grub = "GRUB \0Geom\0Hard Disk\0Read\0 Error"sv;
    EXPECT_EQ(boot_code(sector_with("eb4890", grub)), "grub-legacy");
    EXPECT_EQ(boot_code(sector_with("eb4c90", grub)), "grub2");
    EXPECT_EQ(boot_code(sector_with("eb4890")), "unknown");
    EXPECT_EQ(boot_code(sector_with("faeb2101b4014c494c4f")), "lilo");
    EXPECT_EQ(boot_code(sector_with("33ed9090", "isolinux.bin missing")), "isolinux");
}

struct Loader {
    const char* file;
    const char* name;
};

class RealLoader : public testing::TestWithParam<Loader> {};

TEST_P(RealLoader, IsRecognised)
{
    std::ifstream in(GetParam().file, std::ios::binary);
    if (!in)
        GTEST_SKIP() << GetParam().file;
    std::string code(440, '\0');
    in.read(code.data(), 440);
    MemoryDisk disk(512);
    disk.text(0, code);
    EXPECT_EQ(boot_code(disk.get(0, 512)), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(BootCode, RealLoader,
                         testing::Values(Loader{"/usr/lib/grub/i386-pc/boot.img", "grub2"},
                                         Loader{"/usr/lib/grub/i386-pc/boot_hybrid.img", "grub2"},
                                         Loader{"/usr/lib/syslinux/mbr/mbr.bin", "syslinux"},
                                         Loader{"/usr/lib/syslinux/mbr/altmbr.bin", "syslinux"},
                                         Loader{"/usr/lib/syslinux/mbr/gptmbr.bin", "syslinux"},
                                         Loader{"/usr/lib/ISOLINUX/isohdpfx.bin", "isolinux"},
                                         Loader{"/usr/lib/ISOLINUX/isohdppx.bin", "isolinux"}));

} // namespace
} // namespace xenlab::partition::test
