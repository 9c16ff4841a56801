// SPDX-License-Identifier: GPL-3.0-or-later
#include "scratch.hpp"

#include <xenlab/nbd/uri.hpp>

namespace xenlab::nbd::test {
namespace {

TEST(Uri, NamesHostsPortsAndExports)
{
    EXPECT_EQ(parse_uri("nbd://nas"), (Uri{.host = "nas"}));
    EXPECT_EQ(parse_uri("nbd://nas/"), (Uri{.host = "nas"}));
    EXPECT_EQ(parse_uri("nbd://nas:/x"), (Uri{.host = "nas", .export_name = "x"}));
    EXPECT_EQ(parse_uri("nbd://10.0.0.1:1234/disk%20one"),
              (Uri{.host = "10.0.0.1", .port = 1234, .export_name = "disk one"}));
    EXPECT_EQ(parse_uri("nbd://[::1]:99//a/b"),
              (Uri{.host = "::1", .port = 99, .export_name = "/a/b"}));
    EXPECT_EQ(parse_uri("nbds://nas/%3Fsession=1"),
              (Uri{.host = "nas", .export_name = "?session=1", .tls = true}));
}

TEST(Uri, NamesUnixSockets)
{
    EXPECT_EQ(parse_uri("nbd+unix:///?socket=/tmp/a%20b"), (Uri{.socket = "/tmp/a b"}));
    EXPECT_EQ(parse_uri("nbd+unix://?socket=s"), (Uri{.socket = "s"}));
    EXPECT_EQ(parse_uri("nbd+unix:///disk?socket=s"), (Uri{.socket = "s", .export_name = "disk"}));
}

TEST(Uri, RefusesEverythingElse)
{
    for (const std::string text : {"",
                                   "nbd:",
                                   "nbd:/x",
                                   "http://nas/",
                                   "nbd://",
                                   "nbd:///x",
                                   "nbd://user@nas/",
                                   "nbd://nas:0/",
                                   "nbd://nas:65536/",
                                   "nbd://nas:-1/",
                                   "nbd://nas:1x/",
                                   "nbd://[::1",
                                   "nbd://[::1]x/",
                                   "nbd://nas/%",
                                   "nbd://nas/%4",
                                   "nbd://nas/%zz",
                                   "nbd://nas/%00",
                                   "nbd://nas/x?tls=off",
                                   "nbd://nas/x#y",
                                   "nbd+unix:///x",
                                   "nbd+unix:///x?socket=",
                                   "nbd+unix://host/x?socket=s",
                                   "nbd+unix:///x?sockets=s",
                                   "nbd+unix:///x?socket=s&x=1",
                                   "nbds+unix:///?socket=s"})
        EXPECT_EQ(code_of([&] { parse_uri(text); }), Errc::usage) << text;
    EXPECT_EQ(code_of([] { parse_uri("nbd://nas/" + std::string(4097, 'x')); }), Errc::usage);
}

TEST(Uri, SchemesAreToldFromFileNames)
{
    EXPECT_TRUE(is_uri("nbd://x"));
    EXPECT_TRUE(is_uri("nbds://x"));
    EXPECT_TRUE(is_uri("nbd+unix://x"));
    EXPECT_FALSE(is_uri("nbd:x"));
    EXPECT_FALSE(is_uri("./nbd://x"));
}

TEST(Uri, ExportsAreShownWithoutTheirSession)
{
    EXPECT_EQ(shown_export("disk"), "\"disk\"");
    EXPECT_EQ(shown_export("/uuid?session_id=OpaqueRef:1"), "\"/uuid\"");
}

} // namespace
} // namespace xenlab::nbd::test
