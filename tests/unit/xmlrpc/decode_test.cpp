// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/archive.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <gtest/gtest.h>

namespace xenlab::xmlrpc::test {
namespace {

using namespace xenlab::test;

std::string typed(std::string_view type, std::string_view text)
{
    const std::string name(type);
    return "<value><" + name + ">" + std::string(text) + "</" + name + "></value>";
}

std::string refusal(std::string_view xml)
{
    try {
        decode_value(xml);
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::bad_data);
        return e.what();
    }
    return {};
}

TEST(DecodeValue, Strings)
{
    for (const auto* empty :
         {"<value/>", "<value></value>", "<value><string/></value>", "<value><nil/></value>"})
        EXPECT_EQ(decode_value(empty), Value(std::string())) << empty;
    EXPECT_EQ(decode_value("<value>web1</value>"), Value(std::string("web1")));
    EXPECT_EQ(decode_value(typed("string", "web1")), Value(std::string("web1")));
    EXPECT_EQ(decode_value("<value>  two  blanks </value>"), Value(std::string("  two  blanks ")));
    EXPECT_EQ(decode_value("<value>größe\n</value>"), Value(std::string("größe\n")));
}

TEST(DecodeValue, EntitiesAndCdata)
{
    EXPECT_EQ(decode_value("<value>&lt;a&gt; &amp; &quot;b&quot; &apos;</value>"),
              Value(std::string("<a> & \"b\" '")));
    EXPECT_EQ(decode_value("<value>&#65;&#x42;&#x20AC;</value>"), Value(std::string("AB€")));
    EXPECT_EQ(decode_value("<value>&amp;lt;</value>"), Value(std::string("&lt;"))) << "once only";
    EXPECT_EQ(decode_value("<value><![CDATA[<value>&amp;]]></value>"),
              Value(std::string("<value>&amp;")));
    EXPECT_EQ(decode_value("<value>a<!-- b -->c<![CDATA[d]]>e</value>"),
              Value(std::string("acde")));
}

TEST(DecodeValue, Booleans)
{
    EXPECT_EQ(decode_value(typed("boolean", "1")), Value(true));
    EXPECT_EQ(decode_value(typed("boolean", " 0 ")), Value(false));
    for (const auto* bad : {"", "2", "true", "01"})
        EXPECT_NE(refusal(typed("boolean", bad)), "") << bad;
}

TEST(DecodeValue, Integers)
{
    for (const auto* type : {"int", "i4", "i8"}) {
        EXPECT_EQ(decode_value(typed(type, "-42")), Value(std::int64_t{-42}));
        EXPECT_EQ(decode_value(typed(type, " 7\n")), Value(std::int64_t{7}));
    }
    EXPECT_EQ(decode_value(typed("int", "9223372036854775807")), Value(INT64_MAX));
    for (const auto* bad : {"", "9223372036854775808", "1.5", "0x1", "1 2", "+1", "one"})
        EXPECT_NE(refusal(typed("int", bad)), "") << bad;
    EXPECT_EQ(decode_value("<value>10737418240</value>").as_int(), 10737418240) << "xapi's int64";
    EXPECT_FALSE(decode_value("<value> 1</value>").as_int());
    EXPECT_FALSE(decode_value("<value/>").as_int());
}

TEST(DecodeValue, DoublesAndDates)
{
    EXPECT_EQ(decode_value(typed("double", "1.5")), Value(1.5));
    EXPECT_EQ(decode_value(typed("double", " -2e3 ")), Value(-2000.0));
    EXPECT_EQ(decode_value(typed("double", "inf")).type_name(), "double");
    EXPECT_NE(refusal(typed("double", "")), "");
    EXPECT_NE(refusal(typed("double", "1,5")), "");
    const Value date = decode_value(typed("dateTime.iso8601", "20261122T15:19:10Z"));
    EXPECT_EQ(date, Value(Value::DateTime{"20261122T15:19:10Z"}));
    EXPECT_FALSE(date.as_scalar());
}

TEST(DecodeValue, StructsAndArrays)
{
    const Value v = decode_value(structure({{"a", value("1")},
                                            {"b", array({value("x"), structure({}), array({})})},
                                            {"a", value("2")}}));
    ASSERT_TRUE(v.if_struct());
    EXPECT_EQ(v.find("a")->as_scalar(), "2") << "the last one of a name given twice";
    const Array* b = v.find("b")->if_array();
    ASSERT_TRUE(b);
    EXPECT_EQ(*b, (Array{Value(std::string("x")), Value(Struct{}), Value(Array{})}));
    EXPECT_EQ(v.find("c"), nullptr);
    EXPECT_EQ(b->front().find("a"), nullptr);
    EXPECT_EQ(v.type_name(), "struct");
    EXPECT_EQ(v.find("b")->type_name(), "array");
}

TEST(DecodeValue, WhiteSpaceBetweenTags)
{
    EXPECT_EQ(decode_value(
                  "<?xml version=\"1.0\"?>\n<!-- by hand -->\n<value>\n  <struct>\n    <member>\n"
                  "      <name>a</name>\n      <value> <array> <data> <value>1</value>\n"
                  "      </data> </array> </value>\n    </member>\n  </struct>\n</value>\n"),
              decode_value(structure({{"a", array({value("1")})}})));
}

TEST(DecodeValue, AsScalar)
{
    EXPECT_EQ(Value(true).as_scalar(), "1");
    EXPECT_EQ(Value(std::int64_t{-5}).as_scalar(), "-5");
    EXPECT_FALSE(Value(1.5).as_scalar());
    EXPECT_FALSE(Value(std::string("1")).as_bool());
    EXPECT_EQ(Value(false).as_bool(), false);
}

TEST(DecodeValue, OtherXmlIsRefused)
{
    for (const auto* bad :
         {"",
          "text",
          "<value>",
          "</value>",
          "<value></valu>",
          "<valu></valu>",
          "<value><int></value></int>",
          "<value><struct><member></member></struct></value>",
          "<value><struct><member><name>a</name></member></struct></value>",
          "<value><struct><member><value/><name>a</name></member></struct></value>",
          "<value><struct><x><name>a</name><value/></x></struct></value>",
          "<value><struct><member><name>a</name><value/><value/></member></struct></value>",
          "<value><struct><member><name><b/></name><value/></member></struct></value>",
          "<value><array></array></value>",
          "<value><array><value/></array></value>",
          "<value><array><data/><data/></array></value>",
          "<value><array><data><int>1</int></data></array></value>",
          "<value><int>1</int><int>2</int></value>",
          "<value><string><b/></string></value>",
          "<value><ref>x</ref></value>",
          "<value/><value/>",
          "<html><body>500</body></html>"})
        EXPECT_NE(refusal(bad), "") << bad;
    EXPECT_EQ(refusal("<value><\x1b[2J/></value>").find('\x1b'), std::string::npos);
}

TEST(DecodeValue, EntitiesOfADocumentTypeStayText)
{
    // tinyxml2 knows no declarations; what must not happen is an expansion.
    const std::string bomb =
        "<!DOCTYPE v [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><value>&b;</value>";
    try {
        EXPECT_EQ(decode_value(bomb).as_scalar(), "&b;");
    } catch (const Error&) {
    }
}

TEST(DecodeValue, DepthIsLimited)
{
    const auto nested = [](int depth) {
        std::string xml = value("x");
        for (int i = 0; i < depth; ++i)
            xml = array({xml});
        return xml;
    };
    EXPECT_NO_THROW(decode_value(nested(10)));
    EXPECT_NE(refusal(nested(100)), "");
    EXPECT_NE(refusal(nested(10000)), "");
    std::string open;
    for (int i = 0; i < 100000; ++i)
        open += "<value>";
    EXPECT_NE(refusal(open), "");
}

TEST(DecodeValue, LengthIsLimited)
{
    EXPECT_NE(refusal("<value>" + std::string(64U << 20U, 'x') + "</value>"), "");
}

} // namespace
} // namespace xenlab::xmlrpc::test
