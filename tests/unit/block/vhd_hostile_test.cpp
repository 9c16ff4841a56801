// SPDX-License-Identifier: GPL-3.0-or-later
// VHDs that lie. Each must be an Error with words that name the lie, quickly and without much
// memory.
#include "vhd_builder.hpp"

#include <xenlab/block/vhd_image.hpp>

#include <sys/resource.h>

namespace xenlab::block::test {
namespace {

constexpr std::uint64_t mib = 1 << 20;
constexpr std::size_t header_at = VhdFileMaker::header_at;
constexpr std::size_t table_at = VhdFileMaker::table_at;

class VhdHostile : public testing::Test {
  protected:
    VhdHostile()
    {
        std::mt19937_64 random(9);
        VhdRecipe recipe{.size = 6 * mib, .block_size = 1 << 20};
        for (const std::uint64_t sector : {0U, 2048U, 3 * 2048U, 5 * 2048U + 2047U})
            recipe.sectors[sector] = random_bytes(random, 512);
        maker.emplace(recipe);
    }

    std::string refused(const Bytes& file)
    {
        try {
            VhdImage(std::make_unique<MemoryDisk>(file), "x.vhd",
                     {.warn = [this](const std::string& text) { warnings.push_back(text); }});
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Errc::bad_data) << error.what();
            return error.what();
        }
        return "accepted";
    }

    void expect_refused(const std::string& part)
    {
        EXPECT_NE(refused(maker->file).find(part), std::string::npos) << refused(maker->file);
    }

    std::uint64_t entry(std::size_t block) const
    {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < 4; ++i)
            value =
                value << 8 | static_cast<std::uint8_t>(maker->file.at(table_at + block * 4 + i));
        return value;
    }

    std::optional<VhdFileMaker> maker;
    std::vector<std::string> warnings;
};

TEST_F(VhdHostile, GoodBeforeItIsMadeBad)
{
    EXPECT_EQ(refused(maker->file), "accepted");
    EXPECT_TRUE(warnings.empty());
}

TEST_F(VhdHostile, DamagedFooterIsReplacedByItsCopy)
{
    maker->file[maker->file.size() - 300] = std::byte{1};
    EXPECT_EQ(refused(maker->file), "accepted");
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(
        warnings[0],
        "x.vhd: the checksum of the VHD footer is wrong at the end; the copy at the front is used");
}

TEST_F(VhdHostile, ZeroFooterIsReplacedByItsCopy)
{
    std::fill(maker->file.end() - 512, maker->file.end(), std::byte{0});
    EXPECT_EQ(refused(maker->file), "accepted");
    EXPECT_EQ(warnings.size(), 1U);
}

TEST_F(VhdHostile, DamagedCopyDoesNotMatter)
{
    std::fill_n(maker->file.begin(), 512, std::byte{0});
    EXPECT_EQ(refused(maker->file), "accepted");
    EXPECT_TRUE(warnings.empty());
}

TEST_F(VhdHostile, BothFootersDamaged)
{
    maker->file[100] = maker->file[maker->file.size() - 300] = std::byte{1};
    expect_refused("the checksum of the VHD footer is wrong; in front: the checksum");
    std::fill(maker->file.begin(), maker->file.begin() + 512, std::byte{0});
    std::fill(maker->file.end() - 512, maker->file.end(), std::byte{0});
    expect_refused("no VHD footer");
}

TEST_F(VhdHostile, FootersOfDifferentImages)
{
    maker->be(68, 4, 1);
    const std::uint64_t size = maker->file.size();
    maker->seal_footers();
    ASSERT_EQ(size, maker->file.size());
    expect_refused("different images");
}

TEST_F(VhdHostile, DamagedFooterOfAFixedImage)
{
    VhdRecipe recipe{.type = 2, .size = 0};
    VhdFileMaker fixed(recipe);
    Bytes file(fixed.file.end() - 512, fixed.file.end());
    EXPECT_EQ(refused(file), "accepted");
    file[300] = std::byte{1};
    EXPECT_NE(refused(file).find("checksum"), std::string::npos) << refused(file);
    EXPECT_NE(refused(Bytes(file.begin() + 100, file.end())).find("412 bytes"), std::string::npos);
    EXPECT_NE(refused({}).find("0 bytes"), std::string::npos);
}

TEST_F(VhdHostile, TruncatedFixedImage)
{
    VhdFileMaker fixed({.type = 2, .size = mib});
    Bytes file(512 * 10);
    file.insert(file.end(), fixed.file.end() - 512, fixed.file.end());
    EXPECT_NE(refused(file).find("truncated: a fixed VHD of 1048576 bytes, of which 5120"),
              std::string::npos)
        << refused(file);
}

TEST_F(VhdHostile, TruncatedAnywhere)
{
    const Bytes whole = maker->file;
    std::mt19937_64 random(10);
    for (int i = 0; i < 300; ++i) {
        Bytes file = whole;
        file.resize(random() % (whole.size() - 512 -
                                512)); // without footer, and some of the last block's used part
        const std::string answer = refused(file);
        EXPECT_NE(answer, "accepted") << file.size();
    }
}

TEST_F(VhdHostile, SizesBeyondTheFormat)
{
    for (const std::uint64_t size :
         {(std::uint64_t{2040} << 30) + 1, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
        maker->be_in_footers(48, 8, size);
        expect_refused("2040 GiB is the most");
    }
}

TEST_F(VhdHostile, TableTooSmallForTheDisk)
{
    maker->be_in_footers(48, 8, std::uint64_t{2040} << 30);
    expect_refused("a block table of 6 entries for a disk of 2088960 blocks");
}

TEST_F(VhdHostile, TableOf2To32Entries)
{
    maker->be(header_at + 28, 4, 0xFFFFFFFF);
    maker->seal_header();
    expect_refused("lies beyond the end of the file");
}

TEST_F(VhdHostile, TableAnywhere)
{
    for (const std::uint64_t at : {~std::uint64_t{0}, ~std::uint64_t{0} - 23,
                                   std::uint64_t{1} << 63, maker->file.size() - 8}) {
        maker->be(header_at + 16, 8, at);
        maker->seal_header();
        expect_refused("lies beyond the end of the file");
    }
    for (const std::uint64_t at : {0U, 500U, 512U, 1530U}) {
        maker->be(header_at + 16, 8, at);
        maker->seal_header();
        expect_refused("overlap");
    }
}

TEST_F(VhdHostile, HeaderAnywhere)
{
    for (const std::uint64_t at :
         {~std::uint64_t{0}, ~std::uint64_t{0} - 1000, maker->file.size() - 1023}) {
        maker->be_in_footers(16, 8, at);
        expect_refused("beyond the end of the file");
    }
    maker->be_in_footers(16, 8, 4096);
    expect_refused("no VHD header");
}

TEST_F(VhdHostile, BlockSizes)
{
    for (const std::uint64_t size :
         {0U, 1U, 256U, 513U, 1U << 29U, 1U << 31U, 0xFFFFFFFFU, 3U << 20U}) {
        maker->be(header_at + 32, 4, size);
        maker->seal_header();
        expect_refused("VHD with blocks of");
    }
}

TEST_F(VhdHostile, DamagedHeader)
{
    maker->file[header_at + 900] = std::byte{7};
    expect_refused("the checksum of the VHD header is wrong");
    maker->be(header_at + 24, 4, 0x20000);
    maker->seal_header();
    expect_refused("VHD header of unknown version 2.0");
    maker->be_in_footers(60, 4, 5);
    expect_refused("unknown disk type 5");
}

TEST_F(VhdHostile, EntriesBeyondTheFile)
{
    for (const std::uint64_t value :
         {0xFFFFFFFEU, 0x7FFFFFFFU, static_cast<unsigned>(maker->file.size() / 512 - 1),
          static_cast<unsigned>(maker->file.size() / 512 - 2048)}) {
        maker->be(table_at + 4, 4, value);
        expect_refused("block 1 at ");
        expect_refused("lies beyond the end of the file");
    }
}

TEST_F(VhdHostile, EntriesInsideTheStructures)
{
    for (const std::uint64_t value : {0U, 1U, 2U, 3U}) {
        maker->be(table_at + 4, 4, value);
        expect_refused("overlaps the structures");
    }
}

TEST_F(VhdHostile, BlocksThatOverlap)
{
    for (const std::uint64_t value : {entry(0), entry(0) + 1, entry(0) + 2048, entry(1) - 1}) {
        maker->be(table_at + 2 * 4, 4, value);
        expect_refused("two blocks overlap at");
    }
}

TEST_F(VhdHostile, BlocksOverLocators)
{
    VhdRecipe recipe{.type = 4,
                     .size = mib,
                     .parent_uuid = std::string(16, 'p'),
                     .locators = {{"W2ku", utf16("C:\\a.vhd", true)}}};
    recipe.sectors[0] = Bytes(512);
    maker.emplace(recipe);
    maker->be(table_at, 4, 2048 / 512); // where the locator's text is
    expect_refused("overlaps the structures");
}

TEST_F(VhdHostile, LocatorsAnywhere)
{
    VhdRecipe recipe{.type = 4,
                     .size = mib,
                     .parent_uuid = std::string(16, 'p'),
                     .locators = {{"W2ku", utf16("C:\\a.vhd", true)},
                                  {"MacX", raw("file://")},
                                  {"W2ru", Bytes(3)}}};
    recipe.parent_name = "//";
    maker.emplace(recipe);
    for (const std::uint64_t length : {0U, 1U, 65537U, 0xFFFFFFFFU})
        for (const std::uint64_t at : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{2050}}) {
            maker->be(header_at + 576 + 8, 4, length);
            maker->be(header_at + 576 + 16, 8, at);
            maker->seal_header();
            EXPECT_ERROR(VhdImage(std::make_unique<MemoryDisk>(maker->file), "x.vhd"), not_found,
                         "is not there");
        }
}

// A sparse file of 5 GiB with a table for a disk of 2040 GiB in the smallest blocks: refused before
// it is read.
TEST_F(VhdHostile, TooManyBlocks)
{
    const Scratch scratch;
    VhdRecipe recipe{.size = mib, .block_size = 512};
    VhdFileMaker small(recipe);
    small.be(header_at + 28, 4, 0xFFFFFFFF);
    small.seal_header();
    small.be_in_footers(48, 8, std::uint64_t{2040} << 30);
    Bytes head(small.file.begin(), small.file.begin() + table_at);
    Bytes tail(small.file.end() - 512, small.file.end());
    put_file(scratch.file("head"), head);
    put_file(scratch.file("tail"), tail);
    ASSERT_EQ(
        shell("cd " + quoted(scratch.file("")) + " && truncate -s 17G head && cat tail >> head")
            .status,
        0);
    EXPECT_ERROR(VhdImage{scratch.file("head")}, bad_data, "4194304 are the most that are read");
}

// 2040 GiB of unused blocks of 2 MiB: an honest image, read with little memory.
TEST_F(VhdHostile, LargestDiskNeedsLittleMemory)
{
    VhdRecipe recipe{.size = std::uint64_t{2040} << 30};
    recipe.sectors[recipe.size / 512 - 1] = Bytes(512, std::byte{9});
    const Bytes file = VhdFileMaker(recipe).file;
    rusage before{};
    rusage after{};
    ::getrusage(RUSAGE_SELF, &before);
    VhdImage image(std::make_unique<MemoryDisk>(file), "big.vhd");
    const auto extents = image.extents(0, image.size());
    ::getrusage(RUSAGE_SELF, &after);
    ASSERT_EQ(extents.size(), 2U);
    EXPECT_EQ(extents[1].offset, image.size() - 512);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 << 10) << "KiB";
}

} // namespace
} // namespace xenlab::block::test
