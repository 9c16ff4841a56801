// SPDX-License-Identifier: GPL-3.0-or-later
// Dynamic VHDs written in both ways, and read back by us.
#include "support.hpp"

#include <xenlab/block/raw_image.hpp>
#include <xenlab/block/vhd_image.hpp>
#include <xenlab/block/vhd_writer.hpp>

namespace xenlab::block::test {
namespace {

constexpr std::uint64_t mib = 1 << 20;
constexpr VhdIdentity identity{.uuid = {std::byte{1}, std::byte{2}}, .timestamp = 12345};

/// Data of some sectors only, in the blocks of a bit pattern.
Bytes disk_of(std::size_t size, unsigned blocks)
{
    std::mt19937_64 random(blocks);
    Bytes disk(size);
    for (std::size_t block = 0; block * 2 * mib < size; ++block)
        for (int i = 0; (blocks >> block & 1U) != 0 && i < 3; ++i) {
            const std::size_t from = block * 2 * mib;
            const std::size_t at = from + random() % (std::min(size, from + 2 * mib) - from);
            const std::size_t n = std::min<std::size_t>(size - at, 1 + random() % 300'000);
            const Bytes some = random_bytes(random, n);
            std::copy(some.begin(), some.end(), disk.begin() + static_cast<std::ptrdiff_t>(at));
        }
    return disk;
}

Bytes padded(Bytes disk)
{
    disk.resize((disk.size() + 511) / 512 * 512);
    return disk;
}

TEST(VhdWriter, WritesAFileThatReadsTheSame)
{
    const Scratch scratch;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{512}, 2 * mib - 512,
                                   2 * mib, 2 * mib + 1, 11 * mib, 15 * mib + 7})
        for (const unsigned blocks : {0U, 1U, 0b10110101U}) {
            MemoryDisk disk(disk_of(size, blocks));
            const std::string path = scratch.file("d.vhd");
            io::OutputFile file(path);
            VhdWriter writer(file, size, identity);
            sparse_copy(disk, writer);
            writer.finish();
            VhdImage image(path);
            expect_same(image, padded(disk.data));
            EXPECT_EQ(image.footer().uuid, identity.uuid);
            EXPECT_EQ(image.footer().original_size, padded(disk.data).size());
            RawImage whole(path);
            EXPECT_EQ(whole.size() % 512, 0U);
        }
}

TEST(VhdWriter, WritesTheSameIntoAPipeWhenTheBlocksAreKnown)
{
    const Scratch scratch;
    MemoryDisk disk(disk_of(15 * mib + 512, 0b10110101));
    const std::string path = scratch.file("d.vhd");
    {
        io::OutputFile file(path);
        VhdWriter writer(file, disk.size(), identity);
        sparse_copy(disk, writer);
        writer.finish();
    }
    std::vector<bool> blocks(8);
    for (std::size_t block = 0; block < 8; ++block)
        blocks[block] = !is_zero(std::span(disk.data).subspan(
            block * 2 * mib, std::min<std::size_t>(2 * mib, disk.size() - block * 2 * mib)));
    VhdImage image(path);
    EXPECT_EQ(vhd_blocks_of(image), blocks);
    io::StringSink sink;
    VhdWriter writer(sink, disk.size(), identity, vhd_blocks_of(image));
    sparse_copy(image, writer);
    writer.finish();
    EXPECT_TRUE(raw(sink.text()) == file_bytes(path));
}

TEST(VhdWriter, WritesAllBlocksOfAnUnknownDisk)
{
    MemoryDisk disk(disk_of(7 * mib, 0b0010));
    io::StringSink sink;
    VhdWriter writer(sink, disk.size(), identity, vhd_all_blocks(disk.size()));
    for (std::size_t at = 0; at < disk.size(); at += 100'003) { // in odd pieces
        const auto piece =
            std::span(disk.data).subspan(at, std::min<std::size_t>(100'003, disk.size() - at));
        is_zero(piece) ? writer.skip(piece.size()) : writer.write(piece);
    }
    writer.finish();
    EXPECT_EQ(sink.text().size(), 512 + 1024 + 512 + 4 * (512 + 2 * mib) + 512);
    VhdImage image(std::make_unique<MemoryDisk>(raw(sink.text())), "pipe");
    expect_same(image, disk.data);
}

TEST(VhdWriter, RefusesDataWhereNoneWasAnnounced)
{
    io::StringSink sink;
    VhdWriter writer(sink, 4 * mib, identity, {true, false});
    writer.write(Bytes(2 * mib, std::byte{1}));
    writer.write(Bytes(1000));
    EXPECT_ERROR(writer.write(Bytes(1000, std::byte{1})), failed, "said to be empty");
}

TEST(VhdWriter, WantsTheWholeDisk)
{
    io::StringSink sink;
    VhdWriter writer(sink, 4 * mib, identity, {});
    writer.skip(4 * mib - 1);
    EXPECT_ERROR(writer.finish(), failed, "only 4194303 of the disk's 4194304 bytes");
    EXPECT_ERROR(writer.skip(2), bad_data, "outside");
}

TEST(VhdWriter, KnowsWhatItCannotDo)
{
    io::StringSink sink;
    EXPECT_ERROR(VhdWriter(sink, vhd::max_disk_size + 1, identity, {}), failed, "2040 GiB");
    io::OutputFile null("/dev/null");
    EXPECT_ERROR(VhdWriter(null, mib, identity), precondition, "/dev/null");
}

TEST(VhdWriter, LeavesNothingUnlessFinished)
{
    const Scratch scratch;
    {
        io::OutputFile file(scratch.file("d.vhd"));
        VhdWriter writer(file, 4 * mib, identity);
        writer.write(Bytes(mib, std::byte{1}));
    }
    EXPECT_TRUE(std::filesystem::is_empty(scratch.file("")));
}

TEST(VhdIdentity, IsFreshEachTime)
{
    const auto a = VhdIdentity::fresh();
    EXPECT_NE(a.uuid, VhdIdentity::fresh().uuid);
    EXPECT_EQ(vhd::to_string(a.uuid)[14], '4');
    EXPECT_GT(a.timestamp, 700'000'000U); // after 2022
}

// Values that the algorithm in the specification's appendix gives, by hand.
TEST(VhdGeometry, FollowsTheSpecification)
{
    using vhd::geometry_of;
    EXPECT_EQ(geometry_of(0), (vhd::Geometry{0, 4, 17}));
    EXPECT_EQ(geometry_of(20480), (vhd::Geometry{301, 4, 17}));
    EXPECT_EQ(geometry_of(204800), (vhd::Geometry{1003, 12, 17}));
    EXPECT_EQ(geometry_of(400000), (vhd::Geometry{806, 16, 31}));
    EXPECT_EQ(geometry_of(600000), (vhd::Geometry{595, 16, 63}));
    EXPECT_EQ(geometry_of(std::uint64_t{65535} * 16 * 63 - 1), (vhd::Geometry{65534, 16, 63}));
    EXPECT_EQ(geometry_of(std::uint64_t{65535} * 16 * 63), (vhd::Geometry{16191, 16, 255}));
    EXPECT_EQ(geometry_of(~std::uint64_t{0}), (vhd::Geometry{65535, 16, 255}));
}

} // namespace
} // namespace xenlab::block::test
