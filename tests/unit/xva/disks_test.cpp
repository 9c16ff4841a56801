// SPDX-License-Identifier: GPL-3.0-or-later
// The two readers of disks, forward from a stream and at random from a file, against the disk that
// went into the archive.
#include "support/archive.hpp"
#include "support/scratch.hpp"

#include <xenlab/xva/disks.hpp>

#include <gtest/gtest.h>

#include <optional>

#include <fcntl.h>

namespace xenlab::xva::test {
namespace {

using namespace xenlab::test;

constexpr std::size_t unit = 1024; ///< of the small archives here; a real one has 1 MiB

/// Disk contents and the archive made of them.
struct Sample {
    std::string archive;
    std::vector<std::pair<std::string, std::string>> disks; ///< ref and content, in stream order
};

/// Two disks: holes, keep-alive entries inside of holes, a partial last chunk.
Sample two_disks(Sum sum = Sum::xxhash)
{
    std::string first(10 * unit, '\0');
    first.replace(0, unit, noise(unit, 1));
    first.replace(6 * unit, 2 * unit, noise(2 * unit, 2));
    first.replace(9 * unit, unit, noise(unit, 3));
    std::string second(3 * unit + 100, '\0');
    second.replace(0, unit, noise(unit, 4));
    second.replace(3 * unit, 100, noise(100, 5));
    const auto piece = [&](const std::string& disk, std::size_t n) {
        return disk.substr(n * unit, unit);
    };
    Sample s;
    s.disks = {{"Ref:11", first}, {"Ref:2", second}};
    s.archive =
        Archive(Tar::v7, sum)
            .metadata(
                OvaXml().vm().disk("Ref:2", second.size()).disk("Ref:11", first.size(), "1").text())
            .chunk("Ref:11", 0, piece(first, 0))
            .chunk("Ref:11", 3, "") // after two chunks of zeros
            .chunk("Ref:11", 5, "")
            .chunk("Ref:11", 8, piece(first, 6))
            .chunk("Ref:11", 9, piece(first, 7))
            .chunk("Ref:11", 11, piece(first, 9))
            .chunk("Ref:2", 0, piece(second, 0))
            .chunk("Ref:2", 3, piece(second, 3))
            .end()
            .bytes();
    return s;
}

class Disks : public testing::Test {
  protected:
    std::vector<std::string> damage;
    DamageHandler note = [this](const std::string& words) { damage.push_back(words); };

    std::unique_ptr<DiskStream> stream(const std::string& archive)
    {
        held_ = archive;
        return std::make_unique<DiskStream>(std::make_unique<io::MemorySource>(view(held_)), note);
    }
    std::unique_ptr<DiskIndex> index(const std::string& archive)
    {
        const std::string path = scratch_.put("a.xva", archive);
        return std::make_unique<DiskIndex>(
            std::make_unique<io::FdSource>(io::open_file(path, O_RDONLY), path, std::stop_token()),
            note);
    }

  private:
    Scratch scratch_;
    std::string held_;
};

std::string read_at(block::BlockDevice& device, std::uint64_t offset, std::size_t length)
{
    Bytes buffer(length, std::byte{0xEE});
    device.read(offset, buffer);
    return text_of(buffer);
}

std::optional<std::string> read_at(DiskStream& stream, std::size_t disk, std::uint64_t offset,
                                   std::size_t length, std::uint64_t limit = DiskStream::no_limit)
{
    Bytes buffer(length, std::byte{0xEE});
    const auto n = stream.read(disk, offset, buffer, limit);
    if (!n)
        return std::nullopt;
    return text_of(std::span(buffer).first(*n));
}

TEST_F(Disks, IndexReadsAnythingAtRandom)
{
    const Sample s = two_disks();
    const auto archive = index(s.archive);
    ASSERT_EQ(archive->metadata().disks.size(), 2U);
    const auto first = archive->open(0);
    const auto second = archive->open(1);
    EXPECT_EQ(first->size(), s.disks[0].second.size());
    const std::string dice = noise(4000, 77);
    for (std::size_t i = 0; i + 8 < dice.size(); i += 8) {
        const auto& [device, content] = dice[i] % 2 == 0
                                            ? std::pair{first.get(), &s.disks[0].second}
                                            : std::pair{second.get(), &s.disks[1].second};
        std::uint64_t number = 0;
        for (std::size_t k = 1; k < 8; ++k)
            number = number << 8 | static_cast<unsigned char>(dice[i + k]);
        const std::size_t offset = number % content->size();
        const std::size_t length = number / 7 % (content->size() - offset + 1);
        ASSERT_EQ(read_at(*device, offset, length), content->substr(offset, length))
            << offset << "+" << length;
    }
    EXPECT_TRUE(damage.empty());
    EXPECT_THROW(read_at(*first, first->size(), 1), Error);
    EXPECT_THROW(read_at(*first, UINT64_MAX, 2), Error);
}

TEST_F(Disks, StreamReadsForward)
{
    const Sample s = two_disks(Sum::sha1);
    for (const std::size_t step : {1U, 100U, 1000U, 1024U, 5000U, 100000U}) {
        const auto archive = stream(s.archive);
        for (std::size_t disk = 0; disk < 2; ++disk) {
            std::string all;
            while (true) {
                const auto piece = read_at(*archive, disk, all.size(), step);
                ASSERT_TRUE(piece) << disk << " at " << all.size();
                if (piece->empty())
                    break;
                all += *piece;
            }
            EXPECT_EQ(all, s.disks[disk].second) << step;
        }
    }
    EXPECT_TRUE(damage.empty());
}

TEST_F(Disks, StreamSkipsForwardAndNeverBack)
{
    const Sample s = two_disks();
    const std::string& first = s.disks[0].second;
    const auto archive = stream(s.archive);
    EXPECT_EQ(read_at(*archive, 0, 500, 100), first.substr(500, 100));
    EXPECT_EQ(read_at(*archive, 0, 0, 10), std::nullopt);
    EXPECT_EQ(read_at(*archive, 0, 6 * unit + 10, unit), first.substr(6 * unit + 10, unit));
    EXPECT_EQ(read_at(*archive, 0, 6 * unit, 1), std::nullopt);
    EXPECT_EQ(read_at(*archive, 1, 3 * unit, 200), s.disks[1].second.substr(3 * unit));
    EXPECT_EQ(read_at(*archive, 0, 9 * unit, 1), std::nullopt);
    EXPECT_EQ(read_at(*archive, 1, 3 * unit + 100, 1), "") << "the end";
}

TEST_F(Disks, StreamKnowsHolesWithKeepAliveEntries)
{
    const Sample s = two_disks();
    const auto archive = stream(s.archive);
    // The hole from chunk 1 to 5 has two keep-alive entries in it: no part of it has gone by.
    EXPECT_EQ(read_at(*archive, 0, 5 * unit, 10), std::string(10, '\0'));
    EXPECT_EQ(read_at(*archive, 0, 4 * unit, 10), std::string(10, '\0'));
    EXPECT_EQ(read_at(*archive, 0, unit, 6 * unit), s.disks[0].second.substr(unit, 6 * unit));
}

TEST_F(Disks, StreamStopsAtItsLimit)
{
    const Sample s = two_disks();
    const auto archive = stream(s.archive);
    const std::uint64_t limit = s.archive.find(noise(unit, 3)) - 100;
    EXPECT_TRUE(read_at(*archive, 0, 0, unit, limit));
    EXPECT_TRUE(read_at(*archive, 0, 6 * unit, 2 * unit, limit));
    EXPECT_EQ(read_at(*archive, 0, 9 * unit, 1, limit), std::nullopt);
    EXPECT_EQ(read_at(*archive, 1, 0, 1, limit), std::nullopt);
    EXPECT_LE(archive->taken(), limit);
    EXPECT_EQ(read_at(*archive, 0, 9 * unit, unit), s.disks[0].second.substr(9 * unit))
        << "not lost for a reader with more patience";
}

TEST_F(Disks, StreamOfATarOfOneVdi)
{
    const std::string disk = noise(2 * unit + 100);
    const auto archive = stream(Archive()
                                    .chunk("vdi", 0, disk.substr(0, unit))
                                    .chunk("vdi", 1, disk.substr(unit, unit))
                                    .chunk("vdi", 2, disk.substr(2 * unit))
                                    .end()
                                    .bytes());
    ASSERT_EQ(archive->metadata().disks.size(), 1U);
    EXPECT_FALSE(archive->metadata().disks[0].size_known);
    EXPECT_EQ(read_at(*archive, 0, 0, 10 * unit), disk);
    EXPECT_EQ(read_at(*archive, 0, 2 * unit + 100, 1), "");
}

TEST_F(Disks, DamagedChunkIsToldOnceReadWhole)
{
    for (const Sum sum : {Sum::xxhash, Sum::sha1}) {
        Sample s = two_disks(sum);
        s.archive[s.archive.find(noise(2 * unit, 2).substr(0, unit)) + 17] ^= 4;
        damage.clear();
        const auto forward = stream(s.archive);
        read_at(*forward, 0, 0, 10 * unit);
        EXPECT_EQ(damage, (std::vector<std::string>{
                              "Ref:11/00000008 is damaged: its checksum does not match"}));
    }
}

TEST_F(Disks, DamagedChunkIsToldByTheIndex)
{
    Sample s = two_disks();
    s.archive[s.archive.find(noise(2 * unit, 2).substr(0, unit)) + 17] ^= 4;
    const auto archive = index(s.archive);
    const auto device = archive->open(0);
    read_at(*device, 0, 6 * unit);
    EXPECT_TRUE(damage.empty());
    read_at(*device, 6 * unit, 1);
    EXPECT_EQ(damage, (std::vector<std::string>{
                          "Ref:11/00000008 is damaged: its checksum does not match (bytes 6144 to "
                          "7167 of disk Ref:11)"}));
}

TEST_F(Disks, WrongCaseIsNoDamage)
{
    const std::string data = noise(unit);
    std::string sum = sum_text(Sum::xxhash, data);
    for (char& c : sum)
        c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    const std::string archive = Archive()
                                    .metadata(OvaXml().disk("Ref:2", unit).text())
                                    .chunk("Ref:2", 0, data, Sum::xxhash, sum)
                                    .end()
                                    .bytes();
    EXPECT_EQ(read_at(*stream(archive), 0, 0, unit), data);
    const auto indexed = index(archive);
    EXPECT_EQ(read_at(*indexed->open(0), 0, unit), data);
    EXPECT_TRUE(damage.empty());
}

TEST_F(Disks, CutArchive)
{
    const Sample s = two_disks();
    const std::string& first = s.disks[0].second;
    const std::string cut = s.archive.substr(0, s.archive.find(noise(unit, 3)) + 100);
    const auto archive = index(cut);
    const auto device = archive->open(0);
    EXPECT_EQ(read_at(*device, 0, 9 * unit), first.substr(0, 9 * unit));
    EXPECT_EQ(read_at(*device, 7 * unit, 10), first.substr(7 * unit, 10));
    EXPECT_THROW(read_at(*device, 9 * unit, 10), Error);
    EXPECT_EQ(read_at(*device, 7 * unit, 10), first.substr(7 * unit, 10))
        << "the failed read left nothing behind";
    EXPECT_EQ(read_at(*device, 9 * unit - 5, 5), first.substr(9 * unit - 5, 5));
    EXPECT_THROW(read_at(*archive->open(1), 0, 1), Error);
    const auto forward = stream(cut);
    EXPECT_EQ(read_at(*forward, 0, 0, 9 * unit), first.substr(0, 9 * unit));
    EXPECT_THROW(read_at(*forward, 0, 9 * unit, unit), Error);
}

TEST_F(Disks, CutAnywhereIsAnErrorOrTheTruth)
{
    const Sample s = two_disks();
    for (std::size_t cut = 0; cut < s.archive.size(); cut += 37) {
        std::unique_ptr<DiskIndex> indexed;
        std::unique_ptr<DiskStream> forward;
        try {
            forward = stream(s.archive.substr(0, cut));
            indexed = index(s.archive.substr(0, cut));
        } catch (const Error&) {
            continue;
        }
        if (indexed->metadata().disks.empty())
            continue;
        for (std::size_t disk = 0; disk < 2; ++disk)
            for (std::size_t at = 0; at + 300 < s.disks[disk].second.size(); at += 300) {
                const std::string expected = s.disks[disk].second.substr(at, 300);
                try {
                    EXPECT_EQ(read_at(*indexed->open(disk), at, 300), expected) << cut;
                } catch (const Error&) {
                }
                try {
                    if (const auto piece = read_at(*forward, disk, at, 300)) {
                        EXPECT_EQ(piece, expected) << cut;
                    }
                } catch (const Error&) {
                }
            }
    }
    EXPECT_TRUE(damage.empty());
}

TEST_F(Disks, ArchiveThatHoldsLessThanTheDisk)
{
    const std::string archive = Archive()
                                    .metadata(OvaXml().disk("Ref:2", 10 * unit).text())
                                    .chunk("Ref:2", 0, noise(unit))
                                    .end()
                                    .bytes();
    const auto indexed = index(archive);
    EXPECT_THROW(read_at(*indexed->open(0), 5 * unit, 1), Error);
    EXPECT_THROW(read_at(*stream(archive), 0, 5 * unit, 1), Error);
}

TEST_F(Disks, DiskOfKeepAliveEntriesOnly)
{
    const std::string archive =
        Archive()
            .metadata(OvaXml().disk("Ref:1", unit).disk("Ref:2", 4 << 20).text())
            .chunk("Ref:1", 0, noise(unit))
            .chunk("Ref:2", 5000, "")
            .end()
            .bytes();
    const auto indexed = index(archive);
    EXPECT_EQ(read_at(*indexed->open(1), 100, 10), std::string(10, '\0'));
    EXPECT_EQ(read_at(*stream(archive), 1, 100, 10), std::string(10, '\0'));
}

TEST_F(Disks, HugeDiskOfHoles)
{
    constexpr std::uint64_t size = std::uint64_t{3} << 40;
    const std::string archive = Archive()
                                    .metadata(OvaXml().disk("Ref:2", size).text())
                                    .chunk("Ref:2", 0, noise(1 << 20))
                                    .chunk("Ref:2", (size >> 20) - 1, noise(1 << 20, 2))
                                    .end()
                                    .bytes();
    const auto indexed = index(archive);
    const auto device = indexed->open(0);
    EXPECT_EQ(read_at(*device, size - 10, 10), noise(1 << 20, 2).substr((1 << 20) - 10));
    EXPECT_EQ(read_at(*device, size / 2, 10), std::string(10, '\0'));
    EXPECT_EQ(read_at(*stream(archive), 0, size - 10, 20),
              noise(1 << 20, 2).substr((1 << 20) - 10));
}

TEST_F(Disks, LargeChunk)
{
    const std::string data = noise((2 << 20) + 77);
    const std::string archive = Archive()
                                    .metadata(OvaXml().disk("Ref:2", data.size()).text())
                                    .chunk("Ref:2", 0, data)
                                    .end()
                                    .bytes();
    const auto indexed = index(archive);
    EXPECT_EQ(read_at(*indexed->open(0), 2000000, 97229), data.substr(2000000));
    EXPECT_EQ(read_at(*stream(archive), 0, 2000000, 100000), data.substr(2000000));
}

TEST_F(Disks, MisplacedChunksAreErrors)
{
    const std::string ova = OvaXml().disk("Ref:2", 10 * unit).text();
    for (const auto& [ref, number] : {std::pair{"Ref:7", 0U}, {"Ref:2", 2U}, {"Ref:2", 1U}}) {
        const std::string archive = Archive()
                                        .metadata(ova)
                                        .chunk("Ref:2", 2, noise(unit))
                                        .chunk(ref, number, noise(unit))
                                        .end()
                                        .bytes();
        const auto indexed = index(archive);
        EXPECT_THROW(read_at(*indexed->open(0), 9 * unit, 1), Error);
        EXPECT_THROW(read_at(*stream(archive), 0, 9 * unit, 1), Error);
    }
}

TEST_F(Disks, OvaXmlBehindChunksDescribesNothing)
{
    const std::string archive = Archive()
                                    .chunk("vdi", 0, noise(unit))
                                    .metadata(two_disks().archive.substr(512, 10))
                                    .end()
                                    .bytes();
    EXPECT_EQ(stream(archive)->metadata().disks.size(), 1U);
}

} // namespace
} // namespace xenlab::xva::test
