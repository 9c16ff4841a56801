// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/xva/positions.hpp>

#include <gtest/gtest.h>

namespace xenlab::xva::test {
namespace {

constexpr std::uint64_t mib = 1U << 20U;

void expect_at(const std::optional<Positions::Placed>& placed, std::uint64_t offset,
               std::uint64_t hole)
{
    ASSERT_TRUE(placed);
    EXPECT_EQ(placed->offset, offset);
    EXPECT_EQ(placed->hole, hole);
}

TEST(Positions, ChunksInARow)
{
    Positions p;
    expect_at(p.place(0, mib, mib), 0, 0);
    expect_at(p.place(1, mib, mib), mib, 0);
    expect_at(p.place(2, 100, mib), 2 * mib, 0);
    EXPECT_EQ(p.end(), 2 * mib + 100);
    EXPECT_EQ(p.next_number(), 3U);
}

TEST(Positions, GapsAreHoles)
{
    Positions p;
    expect_at(p.place(0, mib, mib), 0, 0);
    expect_at(p.place(10, mib, mib), 10 * mib, 9 * mib);
    Positions late;
    expect_at(late.place(3, mib, mib), 3 * mib, 3 * mib);
}

TEST(Positions, KeepAliveEntriesTakeANumberAndNoSpace)
{
    Positions p;
    p.place(0, mib, mib);
    expect_at(p.place(5, 0, mib), 5 * mib, 4 * mib);
    expect_at(p.place(6, 0, mib), 5 * mib, 0);
    expect_at(p.place(7, mib, mib), 5 * mib, 0);
    expect_at(p.place(9, mib, mib), 7 * mib, mib);
}

TEST(Positions, NumbersMustGrow)
{
    Positions p;
    p.place(4, mib, mib);
    EXPECT_FALSE(p.place(4, mib, mib));
    EXPECT_FALSE(p.place(0, 0, mib));
    EXPECT_EQ(p.end(), 5 * mib) << "a refused entry changes nothing";
    EXPECT_TRUE(p.place(5, mib, mib));
}

TEST(Positions, NothingLeaves63Bits)
{
    Positions p;
    p.place(0, mib, mib);
    EXPECT_FALSE(p.place(std::uint64_t{1} << 63, mib, mib));
    EXPECT_FALSE(p.place(UINT64_MAX, mib, mib));
    EXPECT_FALSE(p.place(UINT64_MAX, 1, 1));
    EXPECT_FALSE(p.place(std::uint64_t{1} << 43, mib, mib));
    EXPECT_FALSE(p.place(1, UINT64_MAX, mib));
    EXPECT_FALSE(p.place(1, (std::uint64_t{1} << 63) - mib, mib));
    EXPECT_TRUE(p.place(1, (std::uint64_t{1} << 63) - mib - 1, mib));
    EXPECT_EQ(p.end(), (std::uint64_t{1} << 63) - 1);
    EXPECT_FALSE(p.place(2, 1, mib));
    EXPECT_TRUE(p.place(2, 0, mib));
}

} // namespace
} // namespace xenlab::xva::test
