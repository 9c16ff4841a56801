// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of disks share: disks in memory, files as bytes, random contents that can be had
// again.
#pragma once

#include "partition/witness.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/block_device.hpp>

#include <algorithm>
#include <fstream>
#include <random>
#include <vector>

namespace xenlab::block::test {

using partition::test::have;
using partition::test::quoted;
using partition::test::Scratch;
using partition::test::shell;

using Bytes = std::vector<std::byte>;

#define NEED(program)                                                                              \
    if (!have(program))                                                                            \
    GTEST_SKIP() << (program) << " is not installed"

#define EXPECT_ERROR(statement, expected_code, part)                                               \
    try {                                                                                          \
        statement;                                                                                 \
        ADD_FAILURE() << "no Error from " #statement;                                              \
    } catch (const Error& error) {                                                                 \
        EXPECT_EQ(error.code(), Errc::expected_code) << error.what();                              \
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();        \
    }

inline Bytes random_bytes(std::mt19937_64& random, std::size_t size)
{
    Bytes data(size);
    for (std::size_t i = 0; i < size; ++i)
        data[i] = static_cast<std::byte>(random());
    return data;
}

inline Bytes raw(const std::string& text)
{
    Bytes data;
    for (const char c : text)
        data.push_back(static_cast<std::byte>(c));
    return data;
}

inline Bytes file_bytes(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    std::string text{std::istreambuf_iterator<char>(file), {}};
    Bytes data(text.size());
    std::transform(text.begin(), text.end(), data.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    return data;
}

inline void put_file(const std::string& path, const Bytes& data)
{
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    // char may alias any object.
    file.write(reinterpret_cast<const char*>(data.data()),
               static_cast<std::streamsize>(data.size()));
    file.close();
    ASSERT_TRUE(file) << path;
}

/// A disk of bytes, writable, that can be told to fail.
class MemoryDisk final : public BlockDevice {
  public:
    explicit MemoryDisk(Bytes bytes) : data(std::move(bytes)) {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return data.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        check_range(data.size(), offset, buffer.size());
        std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                    buffer.begin());
    }
    [[nodiscard]] bool writable() const noexcept override { return true; }
    void write(std::uint64_t offset, std::span<const std::byte> bytes) override
    {
        if (writes_left == 0)
            throw Error(Errc::failed, "no space left");
        --writes_left;
        check_range(data.size(), offset, bytes.size());
        std::copy(bytes.begin(), bytes.end(), data.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    void flush() override { ++flushes; }

    Bytes data;
    std::uint64_t writes_left = ~std::uint64_t{0};
    int flushes = 0;
};

inline Bytes all_of(BlockDevice& device)
{
    Bytes data(device.size());
    device.read(0, data);
    return data;
}

/// Reads in pieces of every kind and compares; looks whether holes are zeros and extents cover all.
inline void expect_same(BlockDevice& device, const Bytes& expected, unsigned seed = 1)
{
    ASSERT_EQ(device.size(), expected.size());
    EXPECT_TRUE(all_of(device) == expected);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 200 && !expected.empty(); ++i) {
        const std::size_t from = random() % expected.size();
        const std::size_t length = random() % std::min<std::size_t>(expected.size() - from, 70'000);
        Bytes part(length);
        device.read(from, part);
        ASSERT_TRUE(std::equal(part.begin(), part.end(),
                               expected.begin() + static_cast<std::ptrdiff_t>(from)))
            << length << " bytes at " << from;
    }
    const std::uint64_t begin = expected.size() / 3 * (seed % 2);
    std::uint64_t at = begin;
    for (const Extent& extent : device.extents(begin, expected.size() - begin)) {
        ASSERT_EQ(extent.offset, at);
        ASSERT_GT(extent.length, 0U);
        at += extent.length;
        ASSERT_LE(at, expected.size());
        if (extent.hole) {
            EXPECT_TRUE(std::all_of(expected.begin() + static_cast<std::ptrdiff_t>(extent.offset),
                                    expected.begin() + static_cast<std::ptrdiff_t>(at),
                                    [](std::byte b) { return b == std::byte{0}; }));
        }
    }
    EXPECT_EQ(at, expected.size());
}

} // namespace xenlab::block::test
