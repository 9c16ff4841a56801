// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/drbl/forward.hpp>

#include <gtest/gtest.h>

namespace {

using namespace xenlab;
using namespace xenlab::drbl;

TEST(DrblForward, WordsBecomeRules)
{
    const Forward forward = parse_forward("3390:192.168.1.50:3389");
    EXPECT_EQ(forward.name, "tcp-3390");
    EXPECT_EQ(forward.line(), "tcp 3390 192.168.1.50 3389 - - tcp-3390");
    EXPECT_EQ(parse_forward("udp/69:10.0.0.5:69").name, "udp-69");
    for (const char* bad : {"", "3390", "3390:192.168.1.50", "0:10.0.0.1:1", "1:10.0.0.1:0",
                            "70000:10.0.0.1:1", "1:host:1", "1:10.0.0.1:1:1", "icmp/1:10.0.0.1:1",
                            "1:10.0.0.1:1;reboot", "-1:10.0.0.1:1", "1:$(id):1", "/1:10.0.0.1:1"})
        EXPECT_THROW(parse_forward(bad), Error) << bad;
}

TEST(DrblForward, HostileFieldsAreRefused)
{
    for (const char* bad : {"a b", "x;y", "UPPER", "-x", "x\n", "$(id)", "a/b", "\"", "'"}) {
        Forward forward = parse_forward("1:10.0.0.1:1");
        forward.name = bad;
        EXPECT_THROW(require_valid(forward), Error) << bad;
        EXPECT_THROW(remove_forward(bad), Error) << bad;
        forward = parse_forward("1:10.0.0.1:1");
        forward.interface = std::string(bad) + " -j";
        EXPECT_THROW(add_forward(forward, true, false), Error) << bad;
    }
}

// Recorded from iptables 1.8.9 (nf_tables) -t nat -S.
constexpr const char* rules =
    "-P PREROUTING ACCEPT\n"
    "-A PREROUTING -i eth0 -p tcp -m tcp --dport 3390 -m comment --comment \"xenlab:tcp-3390\" "
    "-j DNAT --to-destination 192.168.1.50:3389\n"
    "-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.9:80\n"
    "-A PREROUTING -p udp -m udp --dport 69 -m comment --comment xenlab:boot -j DNAT "
    "--to-destination 192.168.1.51:69\n"
    "-A POSTROUTING -d 192.168.1.51/32 -p udp -m udp --dport 69 -m comment --comment "
    "\"xenlab:boot\" -j MASQUERADE\n"
    "-A POSTROUTING -s 192.168.1.50/32 -j MASQUERADE\n";

TEST(DrblForward, KernelAndFileAreReadTogether)
{
    const Forwards forwards =
        read_forwards({{"forwards.rules", rules},
                       {"forwards.saved", "ip_forward\ntcp 3390 192.168.1.50 3389 eth0 - tcp-3390\n"
                                          "tcp 22 192.168.1.52 22 - masquerade tcp-22\nrubbish\n"
                                          "tcp 22 192.168.1.52 22 - masquerade $(id)\n"},
                       {"forwards.policy", "DROP"},
                       {"ip_forward", "1\n"}});
    ASSERT_EQ(forwards.list.size(), 3U);
    EXPECT_EQ(forwards.list[0].forward.name, "tcp-22");
    EXPECT_FALSE(forwards.list[0].active);
    EXPECT_TRUE(forwards.list[0].saved);
    EXPECT_EQ(forwards.list[1].forward.interface, "eth0");
    EXPECT_TRUE(forwards.list[1].active && forwards.list[1].saved);
    EXPECT_TRUE(forwards.list[2].forward.masquerade);
    EXPECT_FALSE(forwards.list[2].saved);
    EXPECT_TRUE(forwards.ip_forward && forwards.forward_drops);
    EXPECT_EQ(forwards.foreign, std::vector<std::string>{"tcp 80"});
}

TEST(DrblForward, TheReplayIsTheScriptItself)
{
    const auto script = add_forward(parse_forward("1:10.0.0.1:1"), true, false);
    EXPECT_NE(script.input.find("#!/bin/sh\n"), std::string::npos);
    EXPECT_NE(script.command.find("sh -s -- add yes no tcp 1 10.0.0.1 1 - - tcp-1"),
              std::string::npos);
}

} // namespace
