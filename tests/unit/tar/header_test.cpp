// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/archive.hpp"

#include <xenlab/tar/header.hpp>

#include <gtest/gtest.h>

namespace xenlab::tar::test {
namespace {

using namespace xenlab::test;

std::optional<Header> parse(const std::string& block)
{
    return parse_header(view(block));
}

std::string why_not(const std::string& block)
{
    std::string why;
    EXPECT_FALSE(parse_header(view(block), &why));
    return why;
}

class EveryDialect : public testing::TestWithParam<Tar> {};
INSTANTIATE_TEST_SUITE_P(TarHeader, EveryDialect,
                         testing::Values(Tar::v7, Tar::ustar, Tar::gnu, Tar::npm, Tar::blank));

TEST_P(EveryDialect, IsRead)
{
    const auto h =
        parse(tar_header({.name = "Ref:12/00000003.xxhash", .size = 16, .dialect = GetParam()}));
    ASSERT_TRUE(h);
    EXPECT_EQ(h->name, "Ref:12/00000003.xxhash");
    EXPECT_EQ(h->size, 16U);
    EXPECT_EQ(h->type, '0');
    EXPECT_EQ(h->link, "");
}

TEST_P(EveryDialect, SizesUpToTheOctalLimit)
{
    for (const std::uint64_t size : {0ULL, 1ULL, 511ULL, 1048576ULL, 077777777777ULL}) {
        if (GetParam() == Tar::blank && size > 07777777777)
            continue; // without a blank the form of the checksum has no witness
        const auto h = parse(tar_header({.name = "x", .size = size, .dialect = GetParam()}));
        ASSERT_TRUE(h) << size;
        EXPECT_EQ(h->size, size);
    }
}

TEST_P(EveryDialect, FlippedBitNeverChangesTheMeaning)
{
    const std::string good = tar_header(
        {.name = "Ref:2/00000001", .size = 1048576, .dialect = GetParam(), .link = "somewhere"});
    const auto expected = parse(good);
    ASSERT_TRUE(expected);
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < 4096; ++bit) {
        const auto h = parse(flipped(good, bit));
        if (!h)
            continue;
        ++accepted;
        EXPECT_EQ(h->name, expected->name) << bit;
        EXPECT_EQ(h->size, expected->size) << bit;
        EXPECT_EQ(h->type, expected->type) << bit;
        EXPECT_EQ(h->link, expected->link) << bit;
    }
    if (GetParam() != Tar::blank) { // nobody writes XVA files so, and its padding says less
        EXPECT_EQ(accepted, 0U);
    }
}

TEST(TarHeader, KnowsTheDialect)
{
    EXPECT_EQ(parse(tar_header({.name = "x"}))->dialect, Dialect::v7);
    EXPECT_EQ(parse(tar_header({.name = "x", .dialect = Tar::ustar}))->dialect, Dialect::ustar);
    EXPECT_EQ(parse(tar_header({.name = "x", .dialect = Tar::npm}))->dialect, Dialect::ustar);
    EXPECT_EQ(parse(tar_header({.name = "x", .dialect = Tar::gnu}))->dialect, Dialect::gnu);
}

TEST(TarHeader, NameMayFillItsField)
{
    const std::string name(100, 'n');
    EXPECT_EQ(parse(tar_header({.name = name}))->name, name);
}

TEST(TarHeader, OnlyUstarHasAPrefix)
{
    const auto name_in = [](Tar dialect) {
        return parse(tar_header({.name = "leaf", .dialect = dialect, .prefix = "a/b"}))->name;
    };
    EXPECT_EQ(name_in(Tar::ustar), "a/b/leaf");
    EXPECT_EQ(name_in(Tar::v7), "leaf");
    EXPECT_EQ(name_in(Tar::gnu), "leaf");
}

TEST(TarHeader, TypesOfRegularFilesAreOne)
{
    for (const char type : {'\0', '0', '7'})
        EXPECT_EQ(parse(tar_header({.name = "x", .dialect = Tar::ustar, .type = type}))->type, '0');
    EXPECT_EQ(parse(tar_header({.name = "dir/", .type = '0'}))->type, '5');
    EXPECT_EQ(parse(tar_header({.name = "dir/", .type = '5'}))->type, '5');
    const auto link = parse(tar_header({.name = "l", .type = '2', .link = "/etc/shadow"}));
    EXPECT_EQ(link->type, '2');
    EXPECT_EQ(link->link, "/etc/shadow");
}

TEST(TarHeader, SizeInBase256)
{
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{1} << 33, (std::uint64_t{1} << 62) - 1}) {
        const auto h =
            parse(tar_header({.name = "x", .dialect = Tar::gnu, .raw_size = base256(size)}));
        ASSERT_TRUE(h) << size;
        EXPECT_EQ(h->size, size);
    }
}

TEST(TarHeader, ImpossibleSizesAreRefused)
{
    const auto why = [](const std::string& field) {
        return why_not(tar_header({.name = "x", .dialect = Tar::gnu, .raw_size = field}));
    };
    EXPECT_EQ(why(base256(std::uint64_t{1} << 62)),
              "the size in the tar header is impossible (4611686018427387904)");
    EXPECT_EQ(why(base256(UINT64_MAX)),
              "the size in the tar header is impossible (18446744073709551615)");
    const std::string not_a_number = "the size in the tar header is not a number";
    EXPECT_EQ(why(std::string(12, '\xFF')), not_a_number) << "negative";
    EXPECT_EQ(why("\x80\x01" + std::string(10, '\0')), not_a_number) << "over 64 bits";
    EXPECT_EQ(why("-0000000001 "), not_a_number);
    EXPECT_EQ(why(std::string(12, '\0')), not_a_number);
    EXPECT_EQ(why("           8"), not_a_number);
    EXPECT_EQ(why("00000000x00 "), not_a_number);
    EXPECT_EQ(why("0000 0000001"), not_a_number);
}

TEST(TarHeader, TwelveDigitsWithoutAnEndAreRead)
{
    const auto h = parse(tar_header({.name = "x", .raw_size = "777777777777"}));
    ASSERT_TRUE(h);
    EXPECT_EQ(h->size, 0777777777777U);
}

TEST(TarHeader, ChecksumMustBeThereAndRight)
{
    std::string block = tar_header({.name = "x"});
    EXPECT_EQ(why_not(flipped(block, 4000)), "the tar header checksum does not match");
    block.replace(148, 8, 8, ' ');
    EXPECT_EQ(why_not(block), "the tar header checksum does not match");
    block.replace(148, 8, 8, '\0');
    EXPECT_EQ(why_not(block), "the tar header checksum does not match");
    EXPECT_EQ(why_not(std::string(512, '\0')), "the tar header checksum does not match");
}

TEST(TarHeader, ChecksumOfUnknownFormIsRefused)
{
    std::string block = tar_header({.name = "x", .dialect = Tar::ustar});
    block.replace(154, 2, "  ");
    EXPECT_EQ(why_not(block), "the tar header checksum has an unknown form");
}

TEST(TarHeader, ZeroBlocks)
{
    std::string block(512, '\0');
    EXPECT_TRUE(is_zero(view(block)));
    block[511] = 1;
    EXPECT_FALSE(is_zero(view(block)));
    EXPECT_EQ(padding(0), 0U);
    EXPECT_EQ(padding(1), 511U);
    EXPECT_EQ(padding(512), 0U);
    EXPECT_EQ(padding((std::uint64_t{1} << 62) - 1), 1U);
}

} // namespace
} // namespace xenlab::tar::test
