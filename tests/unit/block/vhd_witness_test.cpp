// SPDX-License-Identifier: GPL-3.0-or-later
// qemu-img and 7-Zip read what we write, and we read what they write or read.
#include "vhd_builder.hpp"

#include <xenlab/block/raw_image.hpp>
#include <xenlab/block/vhd_image.hpp>
#include <xenlab/block/vhd_writer.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xenlab::block::test {
namespace {

constexpr std::uint64_t mib = 1 << 20;

nlohmann::json info(const std::string& path)
{
    return nlohmann::json::parse(shell("qemu-img info --output=json -f vpc " + quoted(path)).out);
}

/// Random writes of qemu's own, recorded in a raw image beside it.
void write_with_qemu(const Scratch& scratch, const std::string& image, std::uint64_t size,
                     unsigned seed)
{
    std::mt19937_64 random(seed);
    std::string commands;
    for (int i = 0; i < 25; ++i) {
        const std::uint64_t at = random() % (size / 512) * 512;
        const std::uint64_t n = std::min((1 + random() % 700) * 512, size - at);
        commands += fmt::format(" -c 'write -P {} {} {}'", i % 6, at, n);
    }
    ASSERT_EQ(shell("qemu-io -f vpc" + commands + " " + quoted(scratch.file(image))).status, 0);
    ASSERT_EQ(shell("qemu-img convert -f vpc -O raw " + quoted(scratch.file(image)) + " " +
                    quoted(scratch.file("witness.raw")))
                  .status,
              0);
}

TEST(VhdAgainstQemu, ReadsItsImages)
{
    NEED("qemu-img");
    NEED("qemu-io");
    const Scratch scratch;
    for (const std::string options :
         {"subformat=dynamic", "subformat=fixed", "subformat=dynamic,force_size=on",
          "subformat=fixed,force_size=on"}) {
        SCOPED_TRACE(options);
        ASSERT_EQ(shell("qemu-img create -f vpc -o " + options + " " +
                        quoted(scratch.file("its own.vhd")) + " 21M")
                      .status,
                  0);
        VhdImage empty(scratch.file("its own.vhd"));
        write_with_qemu(scratch, "its own.vhd", empty.size() / 512 * 512, 5);
        VhdImage image(scratch.file("its own.vhd"));
        expect_same(image, file_bytes(scratch.file("witness.raw")));
        const auto& footer = image.footer();
        if (options.find("force") == std::string::npos) {
            EXPECT_EQ(footer.geometry, vhd::geometry_of(footer.current_size / 512));
        }
    }
}

TEST(VhdAgainstQemu, ItReadsOurs)
{
    NEED("qemu-img");
    const Scratch scratch;
    std::mt19937_64 random(11);
    for (const std::uint64_t size :
         {std::uint64_t{512}, 3 * mib - 512, 21 * mib, 33 * mib + 5 * 512, 64 * mib + 100}) {
        SCOPED_TRACE(size);
        Bytes disk(size);
        for (int i = 0; i < 12; ++i) {
            const std::size_t at = random() % size;
            const Bytes some =
                random_bytes(random, std::min<std::size_t>(size - at, 1 + random() % 400'000));
            std::copy(some.begin(), some.end(), disk.begin() + static_cast<std::ptrdiff_t>(at));
        }
        MemoryDisk source(disk);
        io::OutputFile file(scratch.file("our own.vhd"));
        VhdWriter writer(file, size, VhdIdentity::fresh());
        sparse_copy(source, writer);
        writer.finish();
        disk.resize((size + 511) / 512 * 512);
        put_file(scratch.file("disk.raw"), disk);

        const auto seen = info(scratch.file("our own.vhd"));
        EXPECT_EQ(seen["virtual-size"], disk.size());
        EXPECT_EQ(seen["format"], "vpc");
        EXPECT_EQ(
            shell("qemu-img compare -s -f vpc -F raw " + quoted(scratch.file("our own.vhd")) + " " +
                  quoted(scratch.file("disk.raw")) + " || true; qemu-img compare -f vpc -F raw " +
                  quoted(scratch.file("our own.vhd")) + " " + quoted(scratch.file("disk.raw")))
                .status,
            0);
        ASSERT_EQ(shell("qemu-img convert -f vpc -O raw " + quoted(scratch.file("our own.vhd")) +
                        " " + quoted(scratch.file("back.raw")))
                      .status,
                  0);
        EXPECT_TRUE(file_bytes(scratch.file("back.raw")) == disk);
    }
}

// qemu goes by the geometry for creators that it does not know; ours must be taken at its word at
// any size.
TEST(VhdAgainstQemu, AgreesOnTheSize)
{
    NEED("qemu-img");
    const Scratch scratch;
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{512}, 100 * mib + 512, std::uint64_t{127} << 30U,
          (std::uint64_t{137} << 30U) + 1536, vhd::max_disk_size - 512, vhd::max_disk_size}) {
        io::OutputFile file(scratch.file("d.vhd"));
        VhdWriter writer(file, size, VhdIdentity::fresh());
        writer.skip(size);
        writer.finish();
        EXPECT_EQ(info(scratch.file("d.vhd"))["virtual-size"], size);
        EXPECT_EQ(VhdImage(scratch.file("d.vhd")).size(), size);
    }
}

TEST(VhdAgainstQemu, ItGoesOnWritingIntoOurs)
{
    NEED("qemu-io");
    const Scratch scratch;
    io::OutputFile file(scratch.file("d.vhd"));
    VhdWriter writer(file, 21 * mib, VhdIdentity::fresh());
    writer.skip(5 * mib);
    writer.write(Bytes(3 * mib, std::byte{0x33}));
    writer.skip(13 * mib);
    writer.finish();
    write_with_qemu(scratch, "d.vhd", 21 * mib, 6);
    VhdImage image(scratch.file("d.vhd"));
    expect_same(image, file_bytes(scratch.file("witness.raw")));
}

TEST(VhdAgainstQemu, ConvertsItsImageIntoAPipe)
{
    NEED("qemu-img");
    NEED("qemu-io");
    const Scratch scratch;
    ASSERT_EQ(shell("qemu-img create -f vpc -o subformat=dynamic,force_size=on " +
                    quoted(scratch.file("a.vhd")) + " 40M")
                  .status,
              0);
    write_with_qemu(scratch, "a.vhd", 40 * mib, 7);
    VhdImage image(scratch.file("a.vhd"));
    io::StringSink sink;
    VhdWriter writer(sink, image.size(), VhdIdentity::fresh(), vhd_blocks_of(image));
    sparse_copy(image, writer);
    writer.finish();
    put_file(scratch.file("piped.vhd"), raw(sink.text()));
    EXPECT_EQ(shell("qemu-img compare -f vpc -F raw " + quoted(scratch.file("piped.vhd")) + " " +
                    quoted(scratch.file("witness.raw")))
                  .status,
              0);
}

// qemu cannot read differencing images; 7-Zip can, where the parent lies in the same folder.
TEST(VhdAgainst7zip, ReadsTheSameFromAChain)
{
    NEED("7z");
    const Scratch scratch;
    std::mt19937_64 random(12);
    Bytes disk;
    std::string last;
    for (int i = 0; i < 3; ++i) {
        VhdRecipe recipe{.size = 9 * mib + 512,
                         .uuid = std::string(16, static_cast<char>('a' + i))};
        recipe.unmarked = std::byte{0}; // 7-Zip calls all else damage
        if (i > 0) {
            recipe.type = 4;
            recipe.parent_uuid = std::string(16, static_cast<char>('a' + i - 1));
            recipe.parent_timestamp = recipe.timestamp;
            recipe.parent_name = last;
            recipe.locators = {{"W2ru", utf16(".\\" + last, true)}};
        }
        scatter(random, recipe, disk, 40);
        last = fmt::format("{}.vhd", i);
        put_file(scratch.file(last), VhdFileMaker(recipe).file);
    }
    VhdImage image(scratch.file(last));
    expect_same(image, disk);
    const std::string command =
        "cd " + quoted(scratch.file("")) + " && 7z e -so -tvhd " + last + " > out.raw";
    ASSERT_EQ(shell(command).status, 0);
    EXPECT_TRUE(file_bytes(scratch.file("out.raw")) == disk);
}

} // namespace
} // namespace xenlab::block::test
