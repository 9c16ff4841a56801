// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>

#include <gtest/gtest.h>

namespace xenlab::text::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST(Printable, LeavesGoodTextAlone)
{
    for (const auto text : {""sv, "web1"sv, "größe – 東京 😀"sv, " a  b "sv, "\u00a0\u00ad"sv})
        EXPECT_EQ(printable(text), text);
}

TEST(Printable, EscapesWhatATerminalWouldObey)
{
    EXPECT_EQ(printable("\x1b[2J\x07"), "\\x1b[2J\\x07");
    EXPECT_EQ(printable("a\tb\nc\rd\\e"), "a\\tb\\nc\\rd\\\\e");
    EXPECT_EQ(printable("\0"sv), "\\x00");
    EXPECT_EQ(printable("\x7f"), "\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "C1";
    EXPECT_EQ(printable("\u202e\u2066"), "\\xe2\\x80\\xae\\xe2\\x81\\xa6") << "direction";
    EXPECT_EQ(printable("\u2028"), "\\xe2\\x80\\xa8") << "line separator";
}

TEST(Printable, EscapesWhatIsNotUtf8)
{
    EXPECT_EQ(printable("\xff"), "\\xff");
    EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut off";
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
    EXPECT_EQ(printable("\xe0\x80\x80"), "\\xe0\\x80\\x80") << "overlong";
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
    EXPECT_EQ(printable("\xe2\x82xx"), "\\xe2\\x82xx");
    EXPECT_EQ(printable("\xe2\x82\xac\x82"), "€\\x82");
}

TEST(Quoted, CutsBetweenCodePoints)
{
    EXPECT_EQ(quoted("abc"), "\"abc\"");
    EXPECT_EQ(quoted("abcdef", 6), "\"abcdef\"");
    EXPECT_EQ(quoted("abcdef", 3), "\"abc…\"");
    EXPECT_EQ(quoted("ab€", 3), "\"ab…\"");
    EXPECT_EQ(quoted("ab€", 4), "\"ab…\"");
    EXPECT_EQ(quoted("ab€", 5), "\"ab€\"");
    EXPECT_EQ(quoted("€", 2), "\"…\"");
    EXPECT_EQ(quoted("", 0), "\"\"");
    EXPECT_EQ(quoted("x", 0), "\"…\"");
    EXPECT_EQ(quoted("say \"hi\"\n"), "\"say \"hi\"\\n\"");
    EXPECT_NE(text::quoted(std::string(100, '\x80')), "\"…\"") << "broken text shows, too";
}

TEST(Utf8, Recognised)
{
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("\u0000\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"sv));
    for (const auto bad : {"\x80"sv, "\xc2"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xf0\x8f\xbf\xbf"sv,
                           "\xed\xbf\xbf"sv, "\xf5\x80\x80\x80"sv, "\xfe"sv, "a\xe2\x82"sv})
        EXPECT_FALSE(is_utf8(bad)) << printable(bad);
}

TEST(Utf8, CodePointsThereAndBack)
{
    std::string text;
    for (char32_t c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 257)
        if (c < 0xD800 || c > 0xDFFF)
            append_utf8(text, c);
    std::string_view rest = text;
    for (char32_t c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 257)
        if (c < 0xD800 || c > 0xDFFF) {
            ASSERT_EQ(next_code_point(rest), c);
        }
    EXPECT_TRUE(rest.empty());
}

TEST(Utf16, ToUtf8)
{
    EXPECT_EQ(utf16le_to_utf8("A\0\xe4\0\xac\x20"sv), "Aä€");
    EXPECT_EQ(utf16le_to_utf8("\x3d\xd8\x00\xde"sv), "😀");
    EXPECT_EQ(utf16le_to_utf8("\x3d\xd8"sv), "\ufffd") << "lone high surrogate at the end";
    EXPECT_EQ(utf16le_to_utf8("\x3d\xd8\x41\0"sv), "\ufffdA") << "lone high surrogate";
    EXPECT_EQ(utf16le_to_utf8("\x00\xde\x41\0"sv), "\ufffdA") << "lone low surrogate";
    EXPECT_EQ(utf16le_to_utf8("A\0B"sv), "A") << "odd last byte";
    EXPECT_EQ(utf16le_to_utf8(""), "");
}

TEST(DisplayWidth, CountsColumns)
{
    EXPECT_EQ(display_width(""), 0U);
    EXPECT_EQ(display_width("größe"), 5U);
    EXPECT_EQ(display_width("東京"), 4U);
    EXPECT_EQ(display_width("e\u0301"), 1U);
    EXPECT_EQ(display_width("😀"), 2U);
}

TEST(HumanSize, ThreeDigits)
{
    EXPECT_EQ(human_size(0), "0 B");
    EXPECT_EQ(human_size(1023), "1023 B");
    EXPECT_EQ(human_size(1024), "1 KiB");
    EXPECT_EQ(human_size(1536), "1.5 KiB");
    EXPECT_EQ(human_size(1048575), "1 MiB");
    EXPECT_EQ(human_size(1048576), "1 MiB");
    EXPECT_EQ(human_size(12 * 1048576 + 300000), "12.3 MiB");
    EXPECT_EQ(human_size(123 * 1048576 + 300000), "123 MiB");
    EXPECT_EQ(human_size(std::uint64_t{3} << 40), "3 TiB");
    EXPECT_EQ(human_size(UINT64_MAX), "16 EiB");
}

TEST(HumanDuration, TwoUnits)
{
    EXPECT_EQ(human_duration(0s), "0s");
    EXPECT_EQ(human_duration(59s), "59s");
    EXPECT_EQ(human_duration(75s), "1m15s");
    EXPECT_EQ(human_duration(3600s), "1h0m");
    EXPECT_EQ(human_duration(100h), "100h0m");
}

TEST(ParseSize, BinaryUnits)
{
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("512"), 512U);
    EXPECT_EQ(parse_size("512b"), 512U);
    for (const auto* text : {"4k", "4K", "4KiB", "4kib"})
        EXPECT_EQ(parse_size(text), 4096U) << text;
    EXPECT_EQ(parse_size("64M"), 64U << 20U);
    EXPECT_EQ(parse_size("1G"), 1U << 30U);
    EXPECT_EQ(parse_size("3TiB"), std::uint64_t{3} << 40);
    EXPECT_EQ(parse_size("2P"), std::uint64_t{2} << 50);
    EXPECT_EQ(parse_size("15E"), std::uint64_t{15} << 60);
    EXPECT_EQ(parse_size("18446744073709551615"), UINT64_MAX);
}

TEST(ParseSize, NothingElse)
{
    for (const auto* text : {"",
                             " ",
                             "M",
                             "-1",
                             "+1",
                             " 1",
                             "1 ",
                             "1 M",
                             "1.5G",
                             "1MB",
                             "1KB",
                             "1kB",
                             "5ib",
                             "5iB",
                             "5BiB",
                             "1mibib",
                             "1kk",
                             "0x10",
                             "1e3",
                             "16E",
                             "17179869184G",
                             "18446744073709551616",
                             "1kmgtpe",
                             "１"})
        EXPECT_FALSE(parse_size(text)) << text;
}

TEST(ParseDuration, UnitsAndSums)
{
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("30"), 30s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("1h30m"), 90min);
    EXPECT_EQ(parse_duration("2d"), 48h);
    EXPECT_EQ(parse_duration("0"), 0s);
    EXPECT_EQ(parse_duration("3650d"), 24h * 3650);
}

TEST(ParseDuration, NothingElse)
{
    for (const auto* text : {"", "s", "-1s", "1.5s", "1 s", "1y", "1M", "1sec", "3651d", "3650d1ms",
                             "18446744073709551615", "99999999999999999999h", "1h-1m"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(ParseU64, WholeNumbersThatFit)
{
    EXPECT_EQ(parse_u64("007"), 7U);
    EXPECT_EQ(parse_u64("18446744073709551615"), UINT64_MAX);
    for (const auto* text : {"", "18446744073709551616", "-1", "+1", " 1", "1 ", "0x1", "1a"})
        EXPECT_FALSE(parse_u64(text)) << text;
}

TEST(Nearest, SlipsOfTheFingers)
{
    const std::vector<std::string> words{"--json", "--jsonl", "--format", "--disk", "-o"};
    EXPECT_EQ(nearest("--jsno", words), "--json");
    EXPECT_EQ(nearest("--formt", words), "--format");
    EXPECT_EQ(nearest("--dsik", words), "--disk");
    EXPECT_EQ(nearest("-p", words), "-o");
    EXPECT_EQ(nearest("--json", words), "--json");
    EXPECT_FALSE(nearest("--compression", words));
    EXPECT_FALSE(nearest("", words));
    EXPECT_FALSE(nearest("x", {}));
    EXPECT_FALSE(nearest(std::string(100000, 'x'), words));
}

TEST(Split, KeepsEmptyParts)
{
    using Parts = std::vector<std::string_view>;
    EXPECT_EQ(split("a,b", ','), (Parts{"a", "b"}));
    EXPECT_EQ(split(",a,,", ','), (Parts{"", "a", "", ""}));
    EXPECT_EQ(split("", ','), (Parts{""}));
}

TEST(Trim, BothEnds)
{
    EXPECT_EQ(trim(" \t\r\n a b \v\f"), "a b");
    EXPECT_EQ(trim(" \n"), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(to_lower("ÄBC-Z"), "Äbc-z");
}

} // namespace
} // namespace xenlab::text::test
