// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/scratch.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/transport/ssh_config.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

using namespace xenlab;
using transport::parse_ssh_target;
using transport::SshSettings;

namespace {

class SshConfig : public testing::Test {
  protected:
    SshSettings read(const std::string& text, const std::string& target = "lab")
    {
        const std::string file = scratch_.put("config", text);
        return transport::read_ssh_config(parse_ssh_target(target), file);
    }
    std::string problem(const std::string& text)
    {
        try {
            read(text);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Errc::usage);
            return error.what();
        }
        return "no failure";
    }
    test::Scratch scratch_;
};

std::string shown(std::string_view text)
{
    const auto target = parse_ssh_target(text);
    return target.user + "|" + target.host + "|" + std::to_string(target.port);
}

} // namespace

TEST(SshTarget, Forms)
{
    EXPECT_EQ(shown("h1"), "|h1|0");
    EXPECT_EQ(shown("root@h1:2222"), "root|h1|2222");
    EXPECT_EQ(shown("ssh://root@h1:2222"), "root|h1|2222");
    EXPECT_EQ(shown("fe80::1"), "|fe80::1|0");
    EXPECT_EQ(shown("[fe80::1%eth0]:22"), "|fe80::1%eth0|22");
    EXPECT_EQ(shown("a@b@h1"), "a@b|h1|0"); // Active Directory logins
    for (const char* bad :
         {"", "@h1", "root@", "h1:", "h1:0", "h1:65536", "h1:x", "[::1", "[::1]x",
          "-oProxyCommand=id", "root@-h", "-l@h", "h1;id", "h1 h2", "$(id)", "a\nb", "`id`@h1"})
        EXPECT_THROW(parse_ssh_target(bad), Error) << bad;
}

TEST_F(SshConfig, TheFirstValueWinsAndIdentitiesAddUp)
{
    const SshSettings s =
        read("Host other\n User no\nHost la* !lax\n User first\n IdentityFile /a\n"
             "Host *\n User second\n Port 2222\n IdentityFile /b\n"
             "HostName=10.0.0.1 # comment\nConnectTimeout 3\n");
    EXPECT_EQ(s.user, "first");
    EXPECT_EQ(s.host, "10.0.0.1");
    EXPECT_EQ(s.port, 2222);
    EXPECT_EQ(s.identity_files, (std::vector<std::string>{"/a", "/b"}));
    EXPECT_EQ(s.connect_timeout, std::chrono::seconds(3));
    EXPECT_EQ(read("Host *\n User u\n Port 7\n", "me@lab:9").user, "me");
    EXPECT_EQ(read("Host *\n User u\n Port 7\n", "me@lab:9").port, 9);
}

TEST_F(SshConfig, MatchBlocks)
{
    EXPECT_EQ(read("Match host lab user root\n Port 5\n", "root@lab").port, 5);
    EXPECT_EQ(read("Match host lab user root\n Port 5\n", "me@lab").port, 22);
    EXPECT_EQ(read("HostName h1\nMatch host h1\n Port 5\n").port, 5);
    EXPECT_EQ(read("HostName h1\nMatch originalhost lab\n Port 5\n").port, 5);
    EXPECT_EQ(read("Match !host lab\n Port 5\n").port, 22);
    EXPECT_EQ(read("Match exec \"test %n = lab\"\n Port 5\n").port, 5);
    EXPECT_EQ(read("Match exec false\n Port 5\nMatch all\n Port 6\n").port, 6);
    EXPECT_EQ(read("Match final host h1\n Port 5\nMatch all\n HostName h1\n").port, 5);
    EXPECT_NE(problem("Match moon full\n").find("config:1: Match \"moon\""), std::string::npos);
}

TEST_F(SshConfig, IncludedFiles)
{
    scratch_.put("one", "Port 4\nHost nobody\n Port 9\n");
    scratch_.put("loop", "Include \"" + scratch_ / "loop" + "\"\n");
    EXPECT_EQ(read("Include \"" + scratch_ / "on*" + "\"\nUser u\n").port, 4);
    EXPECT_EQ(read("Include \"" + scratch_ / "one" + "\"\nUser u\n").user, "u");
    EXPECT_EQ(read("Host no\n Include \"" + scratch_ / "one" + "\"\n").port, 22);
    EXPECT_EQ(read("Include /nowhere/*\n").port, 22);
    EXPECT_NE(problem("Include \"" + scratch_ / "loop" + "\"\n").find("include each other"),
              std::string::npos);
}

TEST_F(SshConfig, TokensAndVariables)
{
    ::setenv("XENLAB_SSH_TEST", "value", 1);
    ::setenv("HOME", "/home/me", 1);
    const SshSettings s =
        read("HostName %h.lab\nUser u\nPort 7\nIdentityFile ~/k-%r@%h:%p-%n-%%-${XENLAB_SSH_TEST}\n"
             "ProxyCommand nc %h %p\nUserKnownHostsFile ~/a %d/b\n");
    EXPECT_EQ(s.host, "lab.lab");
    EXPECT_EQ(s.identity_files.at(0), "/home/me/k-u@lab.lab:7-lab-%-value");
    EXPECT_EQ(s.proxy_command, "nc lab.lab 7");
    EXPECT_EQ(s.user_known_hosts, (std::vector<std::string>{"/home/me/a", "/home/me/b"}));
    EXPECT_NE(problem("IdentityFile %Z\n").find("token"), std::string::npos);
    EXPECT_NE(problem("IdentityFile ${XENLAB_SSH_UNSET}\n").find("XENLAB_SSH_UNSET"),
              std::string::npos);
}

TEST_F(SshConfig, Routes)
{
    const SshSettings s = read("ProxyJump a@b:3,[::1]:4\nProxyCommand no\n");
    ASSERT_EQ(s.jumps.size(), 2U);
    EXPECT_EQ(s.jumps[0].user + s.jumps[0].host, "ab");
    EXPECT_EQ(s.jumps[1].port, 4);
    EXPECT_TRUE(s.proxy_command.empty());
    EXPECT_TRUE(read("ProxyCommand none\nProxyJump a\n").jumps.empty());
    EXPECT_TRUE(read("ProxyJump none\n").jumps.empty());
}

TEST_F(SshConfig, WhatWeakensTheCheckOfKeysIsReadAsAcceptNew)
{
    EXPECT_EQ(read("").strict, SshSettings::Strict::ask);
    EXPECT_EQ(read("StrictHostKeyChecking yes\n").strict, SshSettings::Strict::yes);
    for (const char* weak : {"no", "off", "accept-new"})
        EXPECT_EQ(read(std::string("StrictHostKeyChecking ") + weak + "\n").strict,
                  SshSettings::Strict::accept_new);
}

TEST_F(SshConfig, SenselessLinesAreNamed)
{
    EXPECT_NE(problem("Port many\n").find("config:1: \"many\" is no number"), std::string::npos);
    EXPECT_NE(problem("\n\nUser\n").find("config:3: \"user\" has no value"), std::string::npos);
    EXPECT_NE(problem("User \"a\n").find("quote is not closed"), std::string::npos);
    EXPECT_NE(problem("HostName -oProxyCommand=id\n").find("configuration makes it"),
              std::string::npos);
    EXPECT_NE(problem("HostName $(id)\n").find("configuration makes it"), std::string::npos);
    EXPECT_THROW(transport::read_ssh_config(parse_ssh_target("lab"), "/nowhere/config"), Error);
    EXPECT_EQ(transport::read_ssh_config(parse_ssh_target("lab"), "none").port, 22);
}
