// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/bytes.hpp"

#include <xenlab/io/byte_source.hpp>

#include <gtest/gtest.h>

namespace xenlab::io::test {
namespace {

using namespace xenlab::test;

TEST(PeekSource, ShowsWithoutTaking)
{
    PeekSource source(std::make_unique<MemorySource>(view("0123456789")));
    EXPECT_EQ(text_of(source.peek(3)), "012");
    EXPECT_EQ(text_of(source.peek(5)), "01234");
    EXPECT_EQ(text_of(source.peek(2)), "01");
    Bytes buffer(3);
    EXPECT_EQ(source.read(buffer), 3U);
    EXPECT_EQ(text_of(buffer), "012");
    EXPECT_EQ(text_of(source.peek(2)), "34");
    EXPECT_EQ(source.skip(4), 4U);
    EXPECT_EQ(source.read(buffer), 3U);
    EXPECT_EQ(text_of(buffer), "789");
    EXPECT_EQ(source.read(buffer), 0U);
}

TEST(PeekSource, ShowsAllThereIs)
{
    PeekSource source(std::make_unique<MemorySource>(view("abc")));
    EXPECT_EQ(text_of(source.peek(100)), "abc");
    EXPECT_EQ(text_of(source.peek(100)), "abc");
    PeekSource empty(std::make_unique<MemorySource>(std::span<const std::byte>{}));
    EXPECT_TRUE(empty.peek(4).empty());
    Bytes buffer(3);
    EXPECT_EQ(empty.read(buffer), 0U);
}

} // namespace
} // namespace xenlab::io::test
