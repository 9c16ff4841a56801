// SPDX-License-Identifier: GPL-3.0-or-later
#include "path.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace xenlab::guest {
namespace {

using Names = std::deque<std::string>;

TEST(SplitPath, DropsWhatMeansNothingAndKeepsDotDot)
{
    EXPECT_EQ(split_path("/a//b/./c/"), (Names{"a", "b", "c"}));
    EXPECT_EQ(split_path("../x"), (Names{"..", "x"}));
    EXPECT_EQ(split_path("/"), Names{});
    EXPECT_EQ(split_path(""), Names{});
}

TEST(Patterns, AreToldFromNames)
{
    EXPECT_TRUE(has_pattern("*.log"));
    EXPECT_TRUE(has_pattern("a?"));
    EXPECT_TRUE(has_pattern("[ab]"));
    EXPECT_FALSE(has_pattern("plain name"));
}

TEST(Patterns, MatchWholeNames)
{
    EXPECT_TRUE(matches("*.log", "a.log", false));
    EXPECT_FALSE(matches("*.log", "a.log.1", false));
    EXPECT_TRUE(matches("a?c", "abc", false));
    EXPECT_TRUE(matches("a?c",
                        "a\xc3\xa4"
                        "c",
                        false));
    EXPECT_TRUE(matches("[a-c]x", "bx", false));
    EXPECT_FALSE(matches("[!a-c]x", "bx", false));
    EXPECT_TRUE(matches("a\\*", "a*", false));
    EXPECT_FALSE(matches("a\\*", "ab", false));
}

TEST(Patterns, DoNotMatchALeadingDotUnlessTheySaySo)
{
    EXPECT_FALSE(matches("*", ".hidden", false));
    EXPECT_TRUE(matches(".*", ".hidden", false));
}

TEST(Patterns, FoldCaseWhereTheFilesystemDoes)
{
    EXPECT_TRUE(matches("*.LOG", "a.log", true));
    EXPECT_FALSE(matches("*.LOG", "a.log", false));
}

TEST(Patterns, EndInTimeOnMany)
{
    // Backtracking without bounds would take longer than the machine lives.
    EXPECT_FALSE(matches(std::string(60, '*') + "b", std::string(250, 'a'), false));
    EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*a*a*b", std::string(250, 'a'), false));
}

TEST(DriveLetters, AreOneLetterAndAColon)
{
    EXPECT_TRUE(starts_with_letter("C:/x"));
    EXPECT_TRUE(starts_with_letter("z:\\x"));
    EXPECT_FALSE(starts_with_letter("p1:/x"));
    EXPECT_FALSE(starts_with_letter("/C:/x"));
    EXPECT_FALSE(starts_with_letter("1:/x"));
}

} // namespace
} // namespace xenlab::guest
