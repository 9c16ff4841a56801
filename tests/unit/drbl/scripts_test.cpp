// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/drbl/profiles.hpp>
#include <xenlab/drbl/scripts.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;

std::string file(const std::string& name)
{
    std::ifstream in(std::string(XENLAB_TEST_DATA) + "/../../lib/drbl/" + name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(DrblScripts, TheyAreTheFilesByteForByte)
{
    EXPECT_EQ(survey({}).input, file("survey.pl"));
    EXPECT_EQ(wake({}, "").input, file("wake.pl"));
    EXPECT_EQ(start_job("", "", "").input, file("start.sh"));
    EXPECT_EQ(stop_job({}).input, file("stop.sh"));
    EXPECT_EQ(verify_image("gold").input, file("verify.sh"));
    EXPECT_EQ(rename_image("gold", "silver").input, file("images.sh"));
}

TEST(DrblScripts, ArgumentsAreQuotedAndNamesChecked)
{
    EXPECT_EQ(start_job("a\nb='c'", "", "x; y").command,
              "if [ \"$(id -u)\" = 0 ]; then exec sh -s -- 'a\nb='\\''c'\\''' '' 'x; y'; else exec "
              "sudo -n sh -s -- 'a\nb='\\''c'\\''' '' 'x; y'; fi");
    EXPECT_THROW(verify_image("$(id)"), Error);
    EXPECT_THROW(rename_image("gold", "../gold"), Error);
    EXPECT_THROW(remove_images({"gold", "-rf"}), Error);
}

TEST(DrblProfiles, AFileIsReadOrRefusedWithItsLine)
{
    const Profiles profiles = parse_profiles("server = \"root@drbl\" # ours\n\n[profile.a]\r\n"
                                             "disk = 'sd\\a'\nclients = 20\nall-clients=true\n"
                                             "hosts = \"a\\\"b\\\\\"\n[profile.b]\n",
                                             "f");
    EXPECT_EQ(profiles.server, "root@drbl");
    const Settings expected{
        {"disk", "sd\\a"}, {"clients", "20"}, {"all-clients", "true"}, {"hosts", "a\"b\\"}};
    EXPECT_EQ(profiles.find("a"), expected);
    EXPECT_TRUE(profiles.find("b").empty());
    EXPECT_THROW(static_cast<void>(profiles.find("c")), Error);
    for (const char* bad : {"x", "x = 1", "server = \"a", "server = \"a\" b", "server = 1.5",
                            "[profile]", "[profile.]", "[a]", "[profile.a", "[profile.a b]",
                            "server = \"\\n\"", "[profile.a]\n[profile.a]", "a b = 1", "= 1"})
        EXPECT_THROW(parse_profiles(bad, "f"), Error) << bad;
    try {
        parse_profiles("# one\n\nx = 1\n", "file");
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()), "file: line 3: unknown key x");
    }
}

} // namespace
