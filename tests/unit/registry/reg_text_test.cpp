// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/registry/hive_log.hpp>
#include <xenlab/registry/reg_text.hpp>

#include <gtest/gtest.h>

#include <string>

namespace xenlab::registry {
namespace {

const std::string head = "Windows Registry Editor Version 5.00\r\n\r\n";

TEST(RegText, IsReadInBothEncodings)
{
    const std::string text = head +
                             "[HKEY_LOCAL_MACHINE\\SYSTEM\\x]\r\n\"n\xc3\xa4me\"=\"v\\\\\\\"\"\r\n"
                             "@=dword:0000000a\r\n\"gone\"=-\r\n";
    for (const std::string& file : {text, to_utf16_with_mark(text)}) {
        const auto keys = parse_reg(file);
        ASSERT_EQ(keys.size(), 1U);
        EXPECT_EQ(keys[0].key, "HKEY_LOCAL_MACHINE\\SYSTEM\\x");
        EXPECT_FALSE(keys[0].remove);
        ASSERT_EQ(keys[0].values.size(), 3U);
        EXPECT_EQ(keys[0].values[0].value.name, "n\xc3\xa4me");
        EXPECT_EQ(text_of(keys[0].values[0].value), "v\\\"");
        EXPECT_EQ(keys[0].values[1].value.name, "");
        EXPECT_EQ(shown_data(keys[0].values[1].value), "10");
        EXPECT_TRUE(keys[0].values[2].remove);
    }
}

TEST(RegText, JoinsLinesAndRemovesKeys)
{
    const auto keys =
        parse_reg(head + "[-HKLM\\a]\n[HKLM\\b]\n\"x\"=hex:01,02,\\\n  03\n; a comment\n");
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_TRUE(keys[0].remove);
    ASSERT_EQ(keys[1].values.size(), 1U);
    EXPECT_EQ(keys[1].values[0].value.data.size(), 3U);
}

TEST(RegText, NamesTheLineThatIsWrong)
{
    try {
        static_cast<void>(parse_reg(head + "[HKLM\\a]\n\"x\"=dword:zz\n"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::bad_data);
        EXPECT_NE(std::string(error.what()).find("4"), std::string::npos) << error.what();
    }
    EXPECT_THROW(static_cast<void>(parse_reg("nonsense")), Error);
    EXPECT_THROW(static_cast<void>(parse_reg(head + "\"x\"=\"no key\"\n")), Error);
}

TEST(RegText, IsReadAsItIsWritten)
{
    std::vector<Value> values;
    for (const char* text : {"sz:a\"b\\c", "dword:4294967295", "qword:1", "multi_sz:one|two",
                             "expand_sz:%x%", "hex:", "hex(b):00,ff", "none:"})
        values.push_back(parse_value("v" + std::to_string(values.size()), text));
    const auto keys = parse_reg(reg_header() + format_key("HKEY_LOCAL_MACHINE\\x", values));
    ASSERT_EQ(keys.size(), 1U);
    ASSERT_EQ(keys[0].values.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(keys[0].values[i].value.name, values[i].name);
        EXPECT_EQ(keys[0].values[i].value.type, values[i].type);
        EXPECT_EQ(keys[0].values[i].value.data, values[i].data);
    }
}

TEST(ValueText, IsRefusedWhenItCannotBe)
{
    for (const char* text : {"", "dword", "dword:x", "dword:4294967296", "qword:-1", "hex:0",
                             "hex:100", "what:1", "bool:2"})
        EXPECT_THROW(static_cast<void>(parse_value("v", text)), Error) << text;
}

TEST(HiveLog, RefusesWhatIsNoHive)
{
    const std::vector<std::byte> zeros(4096);
    EXPECT_THROW(static_cast<void>(is_dirty(zeros)), Error);
    EXPECT_THROW(static_cast<void>(is_dirty(std::span(zeros).first(10))), Error);
}

} // namespace
} // namespace xenlab::registry
