// SPDX-License-Identifier: GPL-3.0-or-later
// Raw images that are written in place.
#include "support.hpp"

#include <xenlab/block/raw_image.hpp>

namespace xenlab::block::test {
namespace {

TEST(RawImage, IsReadOnlyUnlessAskedFor)
{
    const Scratch scratch;
    put_file(scratch.file("raw"), Bytes(1000));
    RawImage image(scratch.file("raw"));
    EXPECT_FALSE(image.writable());
    EXPECT_ERROR(image.write(0, Bytes(1)), precondition, "read-only");
    EXPECT_ERROR(image.resize(5), failed, "Invalid argument");
    image.flush();
}

TEST(RawImage, WritesInsideItsSize)
{
    const Scratch scratch;
    put_file(scratch.file("raw"), Bytes(1000));
    RawImage image(scratch.file("raw"), Access::read_write);
    EXPECT_TRUE(image.writable());
    image.write(990, Bytes(10, std::byte{1}));
    EXPECT_ERROR(image.write(991, Bytes(10)), bad_data, "outside");
    image.resize(2000);
    image.write(1990, Bytes(10, std::byte{2}));
    image.flush();
    Bytes expected(2000);
    std::fill_n(expected.begin() + 990, 10, std::byte{1});
    std::fill_n(expected.begin() + 1990, 10, std::byte{2});
    EXPECT_TRUE(file_bytes(scratch.file("raw")) == expected);
    expect_same(image, expected);
}

TEST(RawImage, CreatesNothing)
{
    const Scratch scratch;
    EXPECT_ERROR(RawImage(scratch.file("raw"), Access::read_write), not_found, "No such file");
    EXPECT_ERROR(RawImage(scratch.file(""), Access::read_only), failed,
                 "neither a file nor a block device");
    EXPECT_TRUE(std::filesystem::is_empty(scratch.file("")));
}

TEST(RawImage, SeesThatTheFileBecameShorter)
{
    const Scratch scratch;
    put_file(scratch.file("raw"), Bytes(1000));
    RawImage image(scratch.file("raw"));
    std::filesystem::resize_file(scratch.file("raw"), 500);
    Bytes buffer(1000);
    EXPECT_ERROR(image.read(0, buffer), failed, "became shorter");
    image.update_size();
    EXPECT_EQ(image.size(), 500U);
}

} // namespace
} // namespace xenlab::block::test
