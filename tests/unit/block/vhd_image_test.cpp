// SPDX-License-Identifier: GPL-3.0-or-later
// VHDs made by hand: every kind, chains, parents in all places.
#include "vhd_builder.hpp"

#include <xenlab/block/vhd_image.hpp>

#include <fmt/format.h>

#include <sys/stat.h>

namespace xenlab::block::test {
namespace {

constexpr std::uint64_t mib = 1 << 20;

VhdRecipe recipe_of(std::uint64_t size, std::uint32_t block_size = 2 << 20)
{
    return {.size = size, .block_size = block_size};
}

struct Warnings {
    std::vector<std::string> all;
    VhdOptions options()
    {
        return {.warn = [this](const std::string& text) { all.push_back(text); }};
    }
};

TEST(VhdImage, ReadsDynamicImagesOfManyShapes)
{
    std::mt19937_64 random(3);
    for (const std::uint32_t block_size : {512U, 4096U, 65536U, 2U << 20U, 4U << 20U})
        for (const bool backwards : {false, true}) {
            VhdRecipe recipe = recipe_of(5 * mib + 512 * 7, block_size);
            recipe.blocks_backwards = backwards;
            recipe.spare_entries = backwards ? 1000 : 0;
            Bytes disk;
            scatter(random, recipe, disk, 30);
            VhdImage image(std::make_unique<MemoryDisk>(VhdFileMaker(recipe).file), "a.vhd");
            expect_same(image, disk, block_size + backwards);
        }
}

TEST(VhdImage, KnowsItsHoles)
{
    VhdRecipe recipe = recipe_of(8 * mib);
    recipe.sectors[4096 + 5] = Bytes(512, std::byte{1});
    recipe.sectors[4096 + 6] = Bytes(512); // stored zeros are data
    VhdImage image(std::make_unique<MemoryDisk>(VhdFileMaker(recipe).file), "a.vhd");
    const std::uint64_t at = 2 * mib + 5 * 512;
    const std::vector<Extent> expected = {
        {.offset = 0, .length = at, .hole = true},
        {.offset = at, .length = 1024, .hole = false},
        {.offset = at + 1024, .length = 6 * mib - 7 * 512, .hole = true}};
    EXPECT_EQ(image.extents(0, 8 * mib), expected);
    EXPECT_EQ(image.extents(at + 100, 200),
              (std::vector<Extent>{{.offset = at + 100, .length = 200}}));
    EXPECT_TRUE(image.extents(5, 0).empty());
    EXPECT_ERROR(image.extents(8 * mib, 1), bad_data, "outside");
}

TEST(VhdImage, ReadsFixedImagesAndTheirHoles)
{
    const Scratch scratch;
    std::mt19937_64 random(4);
    Bytes disk(3 * mib);
    const Bytes some = random_bytes(random, 100'000);
    std::copy(some.begin(), some.end(), disk.begin() + mib);
    VhdRecipe recipe = recipe_of(3 * mib);
    recipe.type = 2;
    Bytes made = VhdFileMaker(recipe).file;
    Bytes file = disk;
    file.insert(file.end(), made.end() - 512, made.end());
    put_file(scratch.file("dense.vhd"), file);
    ASSERT_EQ(shell("cp --sparse=always " + quoted(scratch.file("dense.vhd")) + " " +
                    quoted(scratch.file("fixed disk.vhd")))
                  .status,
              0);
    VhdImage image(scratch.file("fixed disk.vhd"));
    expect_same(image, disk);
    EXPECT_TRUE(image.extents(0, 3 * mib).front().hole);
    EXPECT_EQ(image.footer().type, vhd::Type::fixed);
}

TEST(VhdImage, TakesAnEmptyDisk)
{
    VhdImage image(std::make_unique<MemoryDisk>(VhdFileMaker(recipe_of(0)).file), "a.vhd");
    EXPECT_EQ(image.size(), 0U);
    EXPECT_TRUE(image.extents(0, 0).empty());
}

TEST(VhdImage, TakesAFooterOf511Bytes)
{
    VhdRecipe recipe = recipe_of(mib);
    Bytes disk;
    std::mt19937_64 random(5);
    scatter(random, recipe, disk, 5);
    Bytes file = VhdFileMaker(recipe).file;
    file.pop_back();
    Warnings warnings;
    VhdImage image(std::make_unique<MemoryDisk>(file), "a.vhd", warnings.options());
    expect_same(image, disk);
    EXPECT_TRUE(warnings.all.empty());
    EXPECT_TRUE(vhd::is_vhd({}, bytes::View(file).last(512)));
}

TEST(IsVhd, LooksForTheCookieAtBothEnds)
{
    const Bytes file = VhdFileMaker(recipe_of(mib)).file;
    const Bytes nothing(512);
    const auto front = bytes::View(file).first(512);
    EXPECT_TRUE(vhd::is_vhd(front, nothing));
    EXPECT_TRUE(vhd::is_vhd(nothing, front));
    EXPECT_FALSE(vhd::is_vhd(nothing, nothing));
    EXPECT_FALSE(vhd::is_vhd({}, {}));
    EXPECT_FALSE(vhd::is_vhd(front.first(7), front.subspan(1)));
}

// --- chains ---

/// Files in a folder, each the child of the one before: 0.vhd, 1.vhd… Gives what the last one
/// shows.
class Chain {
  public:
    explicit Chain(const Scratch& scratch) : scratch_(scratch) {}

    std::string add(const std::string& name, VhdRecipe recipe, std::mt19937_64& random, int runs)
    {
        recipe.uuid = fmt::format("{:>16}", name.substr(0, 16));
        if (!last_.empty()) {
            recipe.type = 4;
            recipe.parent_uuid = fmt::format("{:>16}", last_.substr(0, 16));
            recipe.parent_timestamp = 1000;
            if (recipe.parent_name.empty())
                recipe.parent_name = last_;
        }
        scatter(random, recipe, disk, runs);
        put_file(scratch_.file(name), VhdFileMaker(recipe).file);
        last_ = name;
        return scratch_.file(name);
    }

    Bytes disk;

  private:
    const Scratch& scratch_;
    std::string last_;
};

TEST(VhdChain, ReadsEverySectorFromTheRightFile)
{
    const Scratch scratch;
    std::mt19937_64 random(6);
    for (int round = 0; round < 3; ++round) {
        Chain chain(scratch);
        std::string path;
        for (unsigned i = 0; i < 5; ++i) // of growing size, and of different blocks
            path = chain.add(fmt::format("{}-{}.vhd", round, i),
                             recipe_of((4 + i / 2) * mib, 65536U << i), random, 40);
        Warnings warnings;
        VhdImage image(path, warnings.options());
        expect_same(image, chain.disk, static_cast<unsigned>(round));
        EXPECT_EQ(image.chain().size(), 5U);
        EXPECT_TRUE(warnings.all.empty()) << warnings.all.front();
    }
}

TEST(VhdChain, ReadsAsDeepAsAllowed)
{
    const Scratch scratch;
    std::mt19937_64 random(7);
    Chain chain(scratch);
    std::string path;
    for (unsigned i = 0; i < 64; ++i)
        path = chain.add(fmt::format("{}.vhd", i), recipe_of(mib, 4096), random, 3);
    VhdImage image(path);
    expect_same(image, chain.disk);
    const std::string deeper = chain.add("deeper.vhd", recipe_of(mib, 4096), random, 3);
    EXPECT_ERROR(VhdImage{deeper}, bad_data, "more than 64");
}

struct Place {
    std::string what;
    std::string parent; ///< where it lies, relative to the scratch directory
    std::vector<Locator> locators;
    std::string name; ///< in the header
};

class VhdParentPlace : public testing::TestWithParam<Place> {};

TEST_P(VhdParentPlace, IsFound)
{
    const Scratch scratch;
    const Place& place = GetParam();
    std::filesystem::create_directories(scratch.file("sub dir"));
    std::filesystem::create_directories(scratch.file("child's"));
    VhdRecipe base = recipe_of(mib);
    base.sectors[1] = Bytes(512, std::byte{0x11});
    put_file(scratch.file(place.parent), VhdFileMaker(base).file);

    VhdRecipe child = recipe_of(mib);
    child.type = 4;
    child.uuid = std::string(16, 'c');
    child.parent_uuid = base.uuid;
    child.parent_timestamp = base.timestamp;
    child.parent_name = place.name;
    child.locators = place.locators;
    for (Locator& locator : child.locators) { // an absolute path, known only now
        const std::string dir = scratch.file("");
        const bool url = locator.code == "MacX";
        std::string text;
        for (std::size_t i = 0; i < locator.data.size(); ++i)
            if (const char c = static_cast<char>(locator.data[i]); c == '@')
                text += dir;
            else
                text += c;
        locator.data = url ? raw(text) : utf16(text, true);
    }
    child.sectors[2] = Bytes(512, std::byte{0x22});
    const std::string path = scratch.file("child's/child.vhd");
    put_file(path, VhdFileMaker(child).file);

    Warnings warnings;
    VhdImage image(path, warnings.options());
    EXPECT_EQ(image.chain().size(), 2U);
    EXPECT_TRUE(warnings.all.empty()) << warnings.all.front();
    Bytes sectors(1536);
    image.read(0, sectors);
    EXPECT_EQ(sectors[512], std::byte{0x11});
    EXPECT_EQ(sectors[1024], std::byte{0x22});
}

INSTANTIATE_TEST_SUITE_P(
    All, VhdParentPlace,
    testing::Values(
        Place{"name", "child's/base.vhd", {}, "base.vhd"},
        Place{"base_name_of_a_path", "child's/base.vhd", {}, "C:\\VMs\\old place\\base.vhd"},
        Place{"sr_style",
              "child's/8e6a4a5c-7b33-4f0e-9d55-2f8d8a4f2d11.vhd",
              {},
              "8e6a4a5c-7b33-4f0e-9d55-2f8d8a4f2d11.vhd"},
        Place{"relative", "sub dir/base.vhd", {{"W2ru", raw("..\\sub dir\\base.vhd")}}, "base.vhd"},
        Place{"relative_with_dot", "child's/base.vhd", {{"W2ru", raw(".\\base.vhd")}}, ""},
        Place{"absolute", "sub dir/base.vhd", {{"W2ku", raw("@sub dir\\base.vhd")}}, "nothing.vhd"},
        Place{
            "absolute_with_drive", "sub dir/base.vhd", {{"W2ku", raw("c:@sub dir/base.vhd")}}, ""},
        Place{
            "url", "sub dir/base.vhd", {{"MacX", raw("file://localhost@sub%20dir/base.vhd")}}, ""},
        Place{"url_of_blktap", "child's/a%41 b.vhd", {{"MacX", raw("file://./a%41 b.vhd")}}, ""},
        Place{"second_locator",
              "sub dir/base.vhd",
              {{"W2ru", raw("..\\gone\\base.vhd")}, {"W2ku", raw("@sub dir/base.vhd")}},
              ""},
        Place{"moved_folder", "child's/base.vhd", {{"W2ku", raw("D:\\gone\\base.vhd")}}, ""}),
    [](const auto& test) { return test.param.what; });

VhdRecipe child_of(const VhdRecipe& base, const std::string& name)
{
    VhdRecipe child = recipe_of(base.size);
    child.type = 4;
    child.uuid = std::string(16, 'c');
    child.parent_uuid = base.uuid;
    child.parent_timestamp = base.timestamp;
    child.parent_name = name;
    return child;
}

TEST(VhdChain, NamesAMissingParent)
{
    const Scratch scratch;
    VhdRecipe child = child_of(recipe_of(mib), "a\nbase.vhd");
    child.locators = {{"W2ru", utf16(".\\other.vhd", true)}};
    put_file(scratch.file("child.vhd"), VhdFileMaker(child).file);
    EXPECT_ERROR(VhdImage{scratch.file("child.vhd")}, not_found,
                 "child.vhd: the parent \"a\\nbase.vhd\" is not there");
    try {
        VhdImage{scratch.file("child.vhd")};
    } catch (const Error& error) {
        EXPECT_NE(error.hint().find("other.vhd"), std::string::npos) << error.hint();
    }
}

TEST(VhdChain, RefusesAParentWithAnotherId)
{
    const Scratch scratch;
    VhdRecipe base = recipe_of(mib);
    put_file(scratch.file("child.vhd"), VhdFileMaker(child_of(base, "base.vhd")).file);
    base.uuid = std::string(16, 'x');
    put_file(scratch.file("base.vhd"), VhdFileMaker(base).file);
    EXPECT_ERROR(VhdImage{scratch.file("child.vhd")}, bad_data, "not the parent");
}

TEST(VhdChain, PassesByAFileWithAnotherIdWhenTheRightOneIsThere)
{
    const Scratch scratch;
    VhdRecipe base = recipe_of(mib);
    VhdRecipe child = child_of(base, "base.vhd");
    child.locators = {{"W2ru", utf16(".\\other.vhd", true)}};
    put_file(scratch.file("child.vhd"), VhdFileMaker(child).file);
    put_file(scratch.file("base.vhd"), VhdFileMaker(base).file);
    base.uuid = std::string(16, 'x');
    put_file(scratch.file("other.vhd"), VhdFileMaker(base).file);
    EXPECT_EQ(VhdImage(scratch.file("child.vhd")).chain().back(), scratch.file("base.vhd"));
}

TEST(VhdChain, WarnsOfAChangedParent)
{
    const Scratch scratch;
    const VhdRecipe base = recipe_of(mib);
    VhdRecipe child = child_of(base, "base.vhd");
    child.parent_timestamp = 77;
    put_file(scratch.file("child.vhd"), VhdFileMaker(child).file);
    put_file(scratch.file("base.vhd"), VhdFileMaker(base).file);
    Warnings warnings;
    VhdImage(scratch.file("child.vhd"), warnings.options());
    ASSERT_EQ(warnings.all.size(), 1U);
    EXPECT_NE(warnings.all.front().find("has changed"), std::string::npos) << warnings.all.front();

    // The time of the file's last change is what Windows and blktap store.
    const timespec times[2] = {{.tv_sec = vhd::epoch + 77, .tv_nsec = 5},
                               {.tv_sec = vhd::epoch + 77, .tv_nsec = 5}};
    ASSERT_EQ(::utimensat(AT_FDCWD, scratch.file("base.vhd").c_str(), times, 0), 0);
    VhdImage(scratch.file("child.vhd"), warnings.options());
    EXPECT_EQ(warnings.all.size(), 1U);
}

TEST(VhdChain, RefusesLoops)
{
    const Scratch scratch;
    VhdRecipe own = child_of(recipe_of(mib), "own.vhd");
    own.parent_uuid = own.uuid;
    put_file(scratch.file("own.vhd"), VhdFileMaker(own).file);
    EXPECT_ERROR(VhdImage{scratch.file("own.vhd")}, bad_data, "loop");

    VhdRecipe a = child_of(recipe_of(mib), "b.vhd");
    VhdRecipe b = child_of(a, "a.vhd");
    b.uuid = a.parent_uuid;
    put_file(scratch.file("a.vhd"), VhdFileMaker(a).file);
    put_file(scratch.file("b.vhd"), VhdFileMaker(b).file);
    std::filesystem::create_symlink("a.vhd", scratch.file("link.vhd"));
    EXPECT_ERROR(VhdImage{scratch.file("link.vhd")}, bad_data, "loop");
}

TEST(VhdChain, SaysWhichParentIsDamaged)
{
    const Scratch scratch;
    const VhdRecipe base = recipe_of(mib);
    put_file(scratch.file("child.vhd"), VhdFileMaker(child_of(base, "base.vhd")).file);
    put_file(scratch.file("base.vhd"), Bytes(5000));
    EXPECT_ERROR(VhdImage{scratch.file("child.vhd")}, bad_data, "base.vhd: no VHD footer");
}

TEST(VhdChain, TakesARawParentOnlyFromItsOwnFolder)
{
    const Scratch scratch;
    std::filesystem::create_directories(scratch.file("d"));
    std::mt19937_64 random(8);
    Bytes disk = random_bytes(random, 300 * 512);
    put_file(scratch.file("d/base.raw"), disk);
    VhdRecipe child = recipe_of(mib);
    child.type = 4;
    child.parent_name = "base.raw"; // with a parent id of zeros
    scatter(random, child, disk, 4);
    put_file(scratch.file("d/child.vhd"), VhdFileMaker(child).file);
    VhdImage image(scratch.file("d/child.vhd"));
    expect_same(image, disk);

    child.parent_name = "secret";
    child.locators = {{"W2ku", utf16("/etc/passwd", true)}, {"W2ru", utf16("..\\secret", true)}};
    put_file(scratch.file("secret"), disk);
    put_file(scratch.file("d/child.vhd"), VhdFileMaker(child).file);
    EXPECT_ERROR(VhdImage{scratch.file("d/child.vhd")}, not_found, "secret");
}

TEST(VhdChain, PassesByPipesAndFolders)
{
    const Scratch scratch;
    const VhdRecipe base = recipe_of(mib);
    put_file(scratch.file("child.vhd"), VhdFileMaker(child_of(base, "base.vhd")).file);
    ASSERT_EQ(::mkfifo(scratch.file("base.vhd").c_str(), 0600), 0);
    EXPECT_ERROR(VhdImage{scratch.file("child.vhd")}, not_found, "not there");
    EXPECT_ERROR(VhdImage{scratch.file("base.vhd")}, failed, "neither a file");
}

} // namespace
} // namespace xenlab::block::test
