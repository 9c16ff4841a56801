// SPDX-License-Identifier: GPL-3.0-or-later
#include "block_stream.hpp"

#include <xenlab/block/vhd_writer.hpp>

#include <gtest/gtest.h>

#include <random>

namespace {

using namespace xenlab;
using transfer::BlockStream;

constexpr std::uint64_t vhd_block = 2U << 20U;

std::vector<std::byte> noise(std::size_t size, unsigned seed)
{
    std::minstd_rand random(seed);
    std::vector<std::byte> data(size);
    for (std::byte& b : data)
        b = static_cast<std::byte>(random());
    return data;
}

std::span<const std::byte> as_bytes(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

/// A disk of four blocks, of which the first and the third hold something.
class Vhd : public ::testing::Test {
  protected:
    Vhd()
    {
        io::StringSink sink;
        const std::vector<bool> blocks{true, false, true, false};
        block::VhdWriter writer(sink, size, block::VhdIdentity::fresh(), blocks);
        writer.write(first);
        writer.skip(2 * vhd_block - first.size());
        writer.write(third);
        writer.skip(size - 2 * vhd_block - third.size());
        writer.finish();
        image = sink.text();
    }
    std::unique_ptr<BlockStream> open(std::size_t length = std::string::npos)
    {
        cut = image.substr(0, length);
        return BlockStream::vhd(std::make_unique<io::MemorySource>(as_bytes(cut)), size);
    }
    const std::uint64_t size = 4 * vhd_block;
    const std::vector<std::byte> first = noise(4096, 1), third = noise(8192, 2);
    std::string image, cut;
};

TEST_F(Vhd, HolesCostNothing)
{
    const auto stream = open();
    EXPECT_TRUE(stream->allocated(0));
    EXPECT_FALSE(stream->allocated(1));
    EXPECT_TRUE(stream->allocated(2));
    EXPECT_LT(stream->taken(), 8192U);
    const auto data = stream->reach(0, 512);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), first.begin()));
    EXPECT_LT(stream->taken(), 16384U);
}

TEST_F(Vhd, WhatHasGoneByIsKeptWhole)
{
    const auto stream = open();
    std::vector<std::byte> kept;
    stream->keep([&](std::uint64_t offset, std::span<const std::byte> data) {
        EXPECT_EQ(offset, 0U);
        kept.assign(data.begin(), data.end());
    });
    const auto data = stream->reach(2, third.size());
    EXPECT_TRUE(std::equal(third.begin(), third.end(), data.begin()));
    EXPECT_EQ(kept.size(), vhd_block);
    EXPECT_TRUE(std::equal(first.begin(), first.end(), kept.begin()));
    EXPECT_FALSE(stream->cost(0, 1));
}

TEST_F(Vhd, EveryCutIsTold)
{
    for (const std::size_t length : {0U, 100U, 600U, 1600U, 3000U, 100'000U})
        EXPECT_THROW(open(length)->reach(2, third.size()), Error) << length;
}

TEST_F(Vhd, HostileTablesAreRefused)
{
    const auto with = [&](std::size_t at, char value) {
        std::string bad = image;
        bad[at] = value;
        std::swap(bad, image);
        try {
            open()->reach(2, 512);
        } catch (const Error& error) {
            std::swap(bad, image);
            return error.code() == Errc::bad_data;
        }
        std::swap(bad, image);
        return false;
    };
    EXPECT_TRUE(with(0, 'x'));          // the cookie
    EXPECT_TRUE(with(512, 'x'));        // of the header
    EXPECT_TRUE(with(600, 'x'));        // its checksum no longer fits
    EXPECT_TRUE(with(1536 + 11, '\0')); // the third block inside of the table
}

TEST(RawStream, BlocksFollowEachOther)
{
    const auto disk = noise(3'000'000, 3);
    const auto stream =
        BlockStream::raw(std::make_unique<io::MemorySource>(std::span(disk)), disk.size());
    const auto last = stream->reach(2, 1000);
    EXPECT_TRUE(std::equal(last.begin(), last.end(), disk.begin() + (2 << 20)));
    EXPECT_FALSE(stream->cost(1, 1));
    EXPECT_EQ(stream->cost(2, 2000), (2U << 20U) + 2000U);
}

} // namespace
