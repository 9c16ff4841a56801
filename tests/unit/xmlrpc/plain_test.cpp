// SPDX-License-Identifier: GPL-3.0-or-later
// The short way and the full parser must agree on all that the short way takes.
#include "decode.hpp"
#include "plain.hpp"
#include "support/archive.hpp"

#include <xenlab/base/error.hpp>

#include <gtest/gtest.h>

namespace xenlab::xmlrpc::test {
namespace {

using namespace xenlab::test;

TEST(DecodePlain, TakesWhatXapiWrites)
{
    for (const std::string& xml :
         {value("web1"),
          std::string("<value/>"),
          std::string("<value></value>"),
          value("a &lt;b&gt; &amp;&quot;&apos; größe\n\ttab"),
          value(" &amp;lt; "),
          value("<string>x</string>"),
          value("<string></string>"),
          boolean(true),
          boolean(false),
          value("<int>-42</int>"),
          value("<i4>7</i4>"),
          value("<i8>10737418240</i8>"),
          value("<double>1.5</double>"),
          value("<double>inf</double>"),
          value("<dateTime.iso8601>20261122T15:19:10Z</dateTime.iso8601>"),
          structure({}),
          value("<struct/>"),
          array({}),
          value("<array><data/></array>"),
          structure({{"a", value("1")},
                     {"b&amp;c", array({value("x"), structure({})})},
                     {"a", value("2")}}),
          std::string(
              "\n<value>\n <array> <data> <value>1</value>\n </data> </array> </value>\n")}) {
        const auto plain = decode_plain(xml);
        ASSERT_TRUE(plain) << xml;
        EXPECT_EQ(*plain, decode_tree(xml)) << xml;
    }
}

TEST(DecodePlain, LeavesTheRestToTheFullParser)
{
    std::string deep = value("x");
    for (int i = 0; i < 25; ++i)
        deep = array({deep});
    for (const std::string& xml :
         {deep, value("  "), value("a\r\nb"), value("&#65;"), value("&b;"), value("a<!-- b -->c"),
          value("<![CDATA[x]]>"), value("<nil/>"), value("<string/>"),
          std::string("<value a='b'>x</value>"), std::string("<value >x</value>"),
          std::string("<?xml version=\"1.0\"?><value/>"), structure({{" ", value("x")}})}) {
        EXPECT_FALSE(decode_plain(xml)) << xml;
        EXPECT_NO_THROW(decode_value(xml)) << xml;
    }
}

TEST(DecodePlain, RefusesNothingByItself)
{
    for (const std::string& xml :
         {std::string(), std::string("text"), std::string("<value>"),
          std::string("<value/><value/>"), value("<ref>x</ref>"), value("<int>1</int><int>2</int>"),
          value("a\x01z"), value("x<int>1</int>"), std::string("<value>a\0b</value>", 18),
          value("<struct><member><name>a</name></member></struct>"), value("<int>1</i4>")})
        EXPECT_FALSE(decode_plain(xml)) << xml;
    EXPECT_THROW(decode_plain(value("<int>one</int>")), Error)
        << "but the words of both are the same";
}

TEST(DecodePlain, CutTextIsNeverTaken)
{
    const std::string xml =
        structure({{"a", array({value("x"), boolean(true)})}, {"b", value("&amp;")}});
    for (std::size_t cut = 0; cut < xml.size(); ++cut)
        EXPECT_FALSE(decode_plain(xml.substr(0, cut))) << cut;
}

} // namespace
} // namespace xenlab::xmlrpc::test
