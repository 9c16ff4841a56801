// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/xapi/session.hpp>

#include <gtest/gtest.h>

namespace xenlab::xapi {
namespace {

TEST(Endpoint, AllSpellings)
{
    for (const auto& [text, url] :
         {std::pair("xen1.lab", "https://xen1.lab"), std::pair("xen1:444", "https://xen1:444"),
          std::pair("https://xen1/", "https://xen1"), std::pair("10.0.0.1:443", "https://10.0.0.1"),
          std::pair("[fe80::1]:444", "https://[fe80::1]:444"), std::pair("::1", "https://[::1]")})
        EXPECT_EQ(parse_endpoint(text).url(), url) << text;
}

TEST(Endpoint, WhatIsNoneIsRefused)
{
    for (const char* bad : {"", "-x", "a b", "http://xen1", "xen1:0", "xen1:99999", "xen1:x",
                            "[::1", "[::1]x", "a/b", "user@xen1", "\x1b[2J"})
        try {
            parse_endpoint(bad);
            ADD_FAILURE() << bad;
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::usage) << bad;
            EXPECT_EQ(std::string(e.what()).find('\x1b'), std::string::npos);
        }
}

} // namespace
} // namespace xenlab::xapi
