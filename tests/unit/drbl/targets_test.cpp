// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/drbl/targets.hpp>

#include <gtest/gtest.h>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;
using Kind = TargetWord::Kind;

Clients lab()
{
    return {{{"pc1", "10.0.0.1", "52:54:00:00:00:01"},
             {"pc2", "10.0.0.2", "52:54:00:00:00:02"},
             {"", "10.0.0.3", ""}},
            {{"room1", {"10.0.0.2", "52:54:00:00:00:01"}}, {"broken", {"10.9.9.9"}}}};
}

Error error_of(const std::string& words)
{
    try {
        resolve(parse_targets(words), lab());
    } catch (const Error& error) {
        return error;
    }
    return {Errc::failed, "no error"};
}

TEST(DrblTargets, WordsAreAddressesRangesMacsNamesAndGroups)
{
    const auto words = parse_targets("10.0.0.5-7, 52-54-00-AA-BB-CC\n@room1 pc-101");
    ASSERT_EQ(words.size(), 6U);
    EXPECT_EQ(words[2], (TargetWord{Kind::ip, "10.0.0.7"}));
    EXPECT_EQ(words[3], (TargetWord{Kind::mac, "52:54:00:aa:bb:cc"}));
    EXPECT_EQ(words[4], (TargetWord{Kind::group, "room1"}));
    EXPECT_EQ(words[5], (TargetWord{Kind::name, "pc-101"}));
    EXPECT_EQ(parse_targets("10.0.0.254-10.0.1.1").size(), 4U);
    EXPECT_EQ(parse_targets("255.255.255.254-255").size(), 2U);
}

TEST(DrblTargets, WrongWordsAreRefused)
{
    for (const char* bad : {"10.0.0.9-5", "10.0.0.5-300", "1.2.3", "10.0.0.0-10.1.0.0", "a;b", "@",
                            "@a/b", "-h", "10.0.0.5-", "10.0.0.256", "$(id)", "0-1"})
        EXPECT_THROW(parse_targets(bad), Error) << bad;
    EXPECT_TRUE(parse_targets(" , \n").empty());
}

TEST(DrblTargets, EachMachineCountsOnceInTheOrderOfTheWords)
{
    const auto found = resolve(parse_targets("@room1 10.0.0.1-3 pc1"), lab());
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].ip, "10.0.0.2");
    EXPECT_EQ(found[1].ip, "10.0.0.1");
    EXPECT_EQ(found[2].ip, "10.0.0.3");
}

TEST(DrblTargets, UnknownMachinesAreNamedTogether)
{
    const Error error = error_of("10.0.0.1-9 pc1");
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_EQ(std::string(error.what()), "the server knows no client 10.0.0.4, 10.0.0.5, 10.0.0.6, "
                                         "10.0.0.7, 10.0.0.8 and 1 more");
    EXPECT_EQ(error_of("pc22").hint(), "did you mean pc2?");
    EXPECT_EQ(std::string(error_of("@broken").what()), "the server knows no client 10.9.9.9");
}

TEST(DrblTargets, MacListsMayBeRowsOfOtherTools)
{
    const auto words = parse_mac_list(
        "# made by xvm\nweb1\t52:54:00:00:00:01\trunning\n\n52:54:00:00:00:02\r\n", "-");
    ASSERT_EQ(words.size(), 2U);
    EXPECT_EQ(words[1].text, "52:54:00:00:00:02");
    EXPECT_THROW(parse_mac_list("52:54:00:00:00:01\nweb2\t\n", "macs"), Error);
}

TEST(DrblTargets, WithoutAServerOnlyAddressesWillDo)
{
    EXPECT_EQ(addresses_of(parse_targets("10.0.0.1,10.0.0.1,10.0.0.2")).size(), 2U);
    EXPECT_THROW(addresses_of(parse_targets("pc1")), Error);
}

} // namespace
