// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/bytes/cobs.hpp>
#include <xenlab/bytes/hex.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace xenlab::bytes {
namespace {

std::string encoded(std::string_view hex)
{
    std::vector<std::byte> out;
    append_cobs(out, *from_hex(hex));
    return to_hex(out);
}

// The examples of Wikipedia's article, which follow the paper.
TEST(Cobs, KnownEncodings)
{
    EXPECT_EQ(encoded("00"), "0101");
    EXPECT_EQ(encoded("0000"), "010101");
    EXPECT_EQ(encoded("001100"), "01021101");
    EXPECT_EQ(encoded("11220033"), "0311220233");
    EXPECT_EQ(encoded("11223344"), "0511223344");
    EXPECT_EQ(encoded(""), "01");
}

TEST(Cobs, LongRuns)
{
    for (const std::size_t length : {253U, 254U, 255U, 508U, 509U, 2064U}) {
        std::vector<std::byte> data(length, std::byte{7}), out;
        append_cobs(out, data);
        EXPECT_LE(out.size(), cobs_bound(length));
        EXPECT_EQ(std::ranges::find(out, std::byte{0}), out.end());
        EXPECT_EQ(from_cobs(out), data) << length;
        data[length - 1] = std::byte{0};
        out.clear();
        append_cobs(out, data);
        EXPECT_EQ(from_cobs(out), data) << length << " with a zero at the end";
    }
}

TEST(Cobs, RefusesWhatIsNoEncoding)
{
    EXPECT_FALSE(from_cobs({}));
    EXPECT_FALSE(from_cobs(*from_hex("05112233")));
    EXPECT_FALSE(from_cobs(*from_hex("00")));
    EXPECT_FALSE(from_cobs(*from_hex("03110022")));
}

} // namespace
} // namespace xenlab::bytes
