// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of the hash functions' own documents and tools, in the spelling of xapi.
#include "support/bytes.hpp"

#include <xenlab/io/hash.hpp>

#include <gtest/gtest.h>

namespace xenlab::io::test {
namespace {

using namespace xenlab::test;

TEST(Hash, KnownValues)
{
    const auto sha1 = [](std::string_view text) { return hash_text(HashKind::sha1, view(text)); };
    const auto xxh64 = [](std::string_view text) { return hash_text(HashKind::xxh64, view(text)); };
    EXPECT_EQ(sha1(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709"); // keep-alive entries
    EXPECT_EQ(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(xxh64(""), "EF46DB3751D8E999");
    EXPECT_EQ(xxh64("abc"), "44BC2CF5AD770999");
    EXPECT_EQ(sha1(std::string(1 << 20, '\0')), "3b71f43ff30f4b15b5cd85dd9e95ebc7e84eb5a3");
}

TEST(Hash, KeepsLeadingZeros)
{
    // The first number whose XXH64 starts with a zero digit.
    for (int i = 0;; ++i) {
        const std::string hash = hash_text(HashKind::xxh64, view(std::to_string(i)));
        ASSERT_EQ(hash.size(), 16U);
        if (hash[0] == '0')
            break;
        ASSERT_LT(i, 1000);
    }
}

TEST(Hash, PieceByPieceIsTheSame)
{
    const std::string data = noise(100000);
    for (const HashKind kind : {HashKind::sha1, HashKind::xxh64}) {
        Hasher hasher(kind);
        EXPECT_EQ(hasher.finish(), hash_text(kind, {}));
        for (const std::size_t step : {1U, 31U, 4096U, 100000U}) {
            for (std::size_t at = 0; at < data.size(); at += step)
                hasher.update(view(data).subspan(at, std::min(step, data.size() - at)));
            EXPECT_EQ(hasher.finish(), hash_text(kind, view(data)));
        }
        Hasher moved = std::move(hasher);
        moved.update(view("abc"));
        EXPECT_EQ(moved.finish(), hash_text(kind, view("abc")));
    }
}

} // namespace
} // namespace xenlab::io::test
