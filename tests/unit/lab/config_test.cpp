// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/lab/config.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace xenlab::lab {
namespace {

class ConfigFile : public testing::Test {
  protected:
    ConfigFile()
        : path_(testing::TempDir() + "config of " +
                testing::UnitTest::GetInstance()->current_test_info()->name())
    {
    }
    ~ConfigFile() override { std::remove(path_.c_str()); }
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;

    Config load(const std::string& content)
    {
        std::ofstream(path_) << content;
        return Config::load(path_);
    }
    /// The message after the path.
    std::string refusal(const std::string& content)
    {
        try {
            load(content);
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::usage);
            const std::string words = e.what();
            EXPECT_TRUE(words.starts_with(path_)) << words;
            return words.substr(path_.size());
        }
        return "accepted";
    }
    std::string path_;
};

TEST_F(ConfigFile, IsReadAndWritten)
{
    const Config config = load("# by hand\ndefault = \"lab\"\n[context.lab]\nhost = \"xen1:444\"\n"
                               "user = \"admin\"\npassword-command = \"pass show x\"\n"
                               "members = [\"10.0.0.2\", \"10.0.0.3\"]\n[context.lab.ssh]\n"
                               "host1 = \"root@xen1:22\"\n\n[context.other]\nhost = \"xen9\"\n");
    EXPECT_EQ(config.default_context, "lab");
    ASSERT_EQ(config.contexts.size(), 2U);
    const ContextConfig& lab = config.contexts.front();
    EXPECT_EQ(lab.host, "xen1:444");
    EXPECT_EQ(lab.user, "admin");
    EXPECT_EQ(lab.members, (std::vector<std::string>{"10.0.0.2", "10.0.0.3"}));
    EXPECT_EQ(lab.ssh.at("host1"), "root@xen1:22");
    EXPECT_EQ(config.find("other")->user, "root");
    EXPECT_EQ(config.find("none"), nullptr);
    config.save();
    EXPECT_EQ(std::filesystem::status(path_).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const Config again = Config::load(path_);
    EXPECT_EQ(again.contexts.size(), 2U);
    EXPECT_EQ(again.find("lab")->password_command, "pass show x");
}

TEST_F(ConfigFile, MissingIsEmpty)
{
    EXPECT_TRUE(Config::load(path_ + ".none").contexts.empty());
}

TEST_F(ConfigFile, MistakesAreToldWithTheirLine)
{
    EXPECT_EQ(refusal("[context.a]\nhost = \"x\"\n\ncolour = \"red\"\n"),
              ":4: unknown key context.a.colour");
    EXPECT_EQ(refusal("\nwhat = 1\n"), ":2: unknown key what");
    EXPECT_EQ(refusal("[context.a]\nhost = \"x\"\npassword = \"secret\"\n"),
              ":3: a password does not belong into this file: use password-file or "
              "password-command");
    EXPECT_EQ(refusal("[context.a]\nuser = \"x\"\n"), ":1: context a has no host");
    EXPECT_EQ(refusal("[context.a]\nhost = \"x\"\n[context.b]\nhost = \"x\"\npin = \"md5:1\"\n"),
              ":5: the pin of context b is not sha256:HEX");
    EXPECT_EQ(refusal("# x\ndefault = \"b\"\n[context.a]\nhost = \"x\"\n"),
              ":2: the default context b is not in the file");
    EXPECT_EQ(refusal("[context.a]\nhost = [\"x\", \"y\"]\n"),
              ":2: context.a.host takes one value");
}

TEST_F(ConfigFile, ValuesThatTheFileCannotHoldAreRefused)
{
    Config config = load("[context.a]\nhost = \"x\"\n");
    config.contexts.front().user = "a\"b";
    EXPECT_THROW(config.save(), Error);
    EXPECT_EQ(Config::load(path_).find("a")->user, "root") << "and the file is as before";
}

} // namespace
} // namespace xenlab::lab
