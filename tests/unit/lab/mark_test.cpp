// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/lab/mark.hpp>

#include <gtest/gtest.h>

namespace xenlab::lab {
namespace {

TEST(Mark, ReadsWhatItWrites)
{
    const Mark mark{"xva-put", "client.lab", 4711, 1795644845};
    EXPECT_EQ(mark.text(), "xva-put@client.lab.4711.1795644845");
    EXPECT_EQ(parse_mark(mark.text()), mark);
    EXPECT_EQ(parse_mark(mark.reason("its disk is being written")), mark);
}

TEST(Mark, RefusesWhatIsNone)
{
    for (const char* text : {"", "@", "a@b", "a@b.1", "a@.1.2", "@b.1.2", "a b@c.1.2", "a@b.x.2",
                             "a@b.1.-2", "a@b.0.2", "a@b\n.1.2", "a@b.99999999999999999999.2",
                             "blocked by the admin", "xenlab:run=", "xenlab:run=: a@b.1.2"})
        EXPECT_FALSE(parse_mark(text)) << text;
}

TEST(Mark, KnowsWhetherTheRunLives)
{
    Mark mark = own_mark();
    EXPECT_EQ(alive(mark), Alive::yes);
    mark.started -= 1000; // the number was given again
    EXPECT_EQ(alive(mark), Alive::no);
    mark = own_mark();
    mark.process = (1LL << 30) + 1;
    EXPECT_EQ(alive(mark), Alive::no);
    mark.machine += "x";
    EXPECT_EQ(alive(mark), Alive::unknown);
}

} // namespace
} // namespace xenlab::lab
