// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/bytes.hpp"

#include <xenlab/bytes/checked.hpp>
#include <xenlab/bytes/crc32.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/bytes/hex.hpp>

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace xenlab::bytes::test {
namespace {

using namespace xenlab::test;

TEST(Endian, LoadsAndStores)
{
    const Bytes data = bytes_of("\x01\x02\x03\x04\x05\x06\x07\xF8");
    EXPECT_EQ(u8(data, 7), 0xF8U);
    EXPECT_EQ(le16(data, 0), 0x0201U);
    EXPECT_EQ(be16(data, 6), 0x07F8U);
    EXPECT_EQ(le32(data, 4), 0xF8070605U);
    EXPECT_EQ(be32(data, 4), 0x050607F8U);
    EXPECT_EQ(le64(data, 0), 0xF807060504030201U);
    EXPECT_EQ(be64(data, 0), 0x01020304050607F8U);
    Bytes out(8);
    store_le(out, 0, std::uint64_t{0xF807060504030201U});
    EXPECT_EQ(out, data);
    store_be(out, 0, std::uint64_t{0x01020304050607F8U});
    EXPECT_EQ(out, data);
    store_be(out, 6, std::uint16_t{0x1234});
    EXPECT_EQ(le16(out, 6), 0x3412U);
}

TEST(Endian, NeverLeavesTheBuffer)
{
    Bytes data(8);
    EXPECT_NO_THROW(le64(data, 0));
    for (const std::size_t at : {std::size_t{1}, std::size_t{8}, SIZE_MAX, SIZE_MAX - 7}) {
        EXPECT_THROW(le64(data, at), std::out_of_range) << at;
        EXPECT_THROW(be64(data, at), std::out_of_range) << at;
        EXPECT_THROW(store_le(data, at, std::uint64_t{1}), std::out_of_range) << at;
        EXPECT_THROW(store_be(data, at, std::uint64_t{1}), std::out_of_range) << at;
    }
    EXPECT_THROW(u8({}, 0), std::out_of_range);
    EXPECT_THROW(le16(std::span(data).first(1), 0), std::out_of_range);
}

TEST(Checked, Conversions)
{
    EXPECT_EQ(checked_int<std::uint8_t>(255), 255);
    EXPECT_FALSE(checked_int<std::uint8_t>(256));
    EXPECT_FALSE(checked_int<std::uint64_t>(-1));
    EXPECT_FALSE(checked_int<std::int64_t>(UINT64_MAX));
    EXPECT_EQ(checked_int<std::int64_t>(std::uint64_t{INT64_MAX}), INT64_MAX);
}

TEST(Checked, SumsAndProducts)
{
    EXPECT_EQ(checked_add(UINT64_MAX, 0), UINT64_MAX);
    EXPECT_FALSE(checked_add(UINT64_MAX, 1));
    EXPECT_FALSE(checked_add(1, UINT64_MAX));
    EXPECT_EQ(checked_mul(UINT64_MAX, 1), UINT64_MAX);
    EXPECT_EQ(checked_mul(UINT64_MAX, 0), 0U);
    EXPECT_EQ(checked_mul(0, UINT64_MAX), 0U);
    EXPECT_FALSE(checked_mul(std::uint64_t{1} << 32, std::uint64_t{1} << 32));
    EXPECT_FALSE(checked_mul(3, UINT64_MAX / 3 + 1));
    EXPECT_EQ(checked_mul(3, UINT64_MAX / 3), UINT64_MAX);
}

TEST(Crc32, KnownValues)
{
    EXPECT_EQ(crc32({}), 0U);
    EXPECT_EQ(crc32(view("123456789")), 0xCBF43926U);
    EXPECT_EQ(crc32(view("a")), 0xE8B7BE43U);
    EXPECT_EQ(crc32(view("The quick brown fox jumps over the lazy dog")), 0x414FA339U);
    EXPECT_EQ(crc32(view(std::string(32, '\0'))), 0x190A55ADU);
}

TEST(Crc32, GoesOnAnywhere)
{
    const std::string data = noise(100);
    for (std::size_t at = 0; at <= data.size(); ++at)
        EXPECT_EQ(crc32(view(data).subspan(at), crc32(view(data).first(at))), crc32(view(data)));
}

TEST(Hex, ThereAndBack)
{
    const Bytes data = bytes_of(std::string("\0\x0f\xa5\xff", 4));
    EXPECT_EQ(to_hex(data), "000fa5ff");
    EXPECT_EQ(to_hex(data, HexCase::upper), "000FA5FF");
    EXPECT_EQ(from_hex("000fa5FF"), data);
    EXPECT_EQ(to_hex({}), "");
    EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Hex, NothingElse)
{
    for (const auto* text : {"0", "0g", "g0", " 00", "00 ", "0x00", "é0", "0\n"})
        EXPECT_FALSE(from_hex(text)) << text;
}

} // namespace
} // namespace xenlab::bytes::test
