// SPDX-License-Identifier: GPL-3.0-or-later
// The rules that keep what is no filesystem from being taken for one, whatever its format.
#include "probe.hpp"

namespace xenlab::partition::test {
namespace {

using namespace std::string_view_literals;

TEST_F(Probe, NothingIsRecognisedInZeros)
{
    const Content c = whole();
    EXPECT_EQ(c.known, Known::no);
    EXPECT_EQ(c.fs, "");
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
