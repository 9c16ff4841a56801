// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/shell.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

using namespace xenlab;

namespace {

struct Close {
    void operator()(std::FILE* stream) const { ::pclose(stream); }
};

/// What sh prints for `command`.
std::string output_of(const std::string& command)
{
    const std::unique_ptr<std::FILE, Close> stream(::popen(command.c_str(), "r"));
    std::string text;
    std::array<char, 4096> part{};
    while (const std::size_t n = std::fread(part.data(), 1, part.size(), stream.get()))
        text.append(part.data(), n);
    return text;
}

} // namespace

TEST(Shell, PlainWordsStayAsTheyAre)
{
    EXPECT_EQ(text::shell_word("vif7.0"), "vif7.0");
    EXPECT_EQ(text::shell_word("-i"), "-i");
    EXPECT_EQ(text::shell_command({"cat", "--", "a b"}), "cat -- 'a b'");
}

TEST(Shell, WhatTheShellWouldReadOtherwiseIsQuoted)
{
    EXPECT_EQ(text::shell_word(""), "''");
    EXPECT_EQ(text::shell_word("A=b"), "'A=b'"); // an assignment, when it stands first
    EXPECT_EQ(text::shell_word("~root"), "'~root'");
    EXPECT_EQ(text::shell_word("it's"), "'it'\\''s'");
}

TEST(Shell, NulCannotBeSaid)
{
    EXPECT_THROW(text::shell_word(std::string_view("a\0b", 3)), Error);
}

TEST(Shell, EveryByteArrivesAsItWas)
{
    std::string all;
    for (int byte = 1; byte < 256; ++byte)
        all += static_cast<char>(byte);
    for (const std::string& word :
         {all, std::string("$(touch x) `id` \\ \" '' ;&|<>*?[]{}#!"), std::string("a\nb\n"),
          std::string("'"), std::string("''"), std::string("\\'")})
        EXPECT_EQ(output_of(text::shell_command({"printf", "%s", word})), word);
    EXPECT_EQ(output_of(text::shell_command({"printf", "%s|", "", "x", ""})), "|x||");
}
