// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/archive.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/xmlrpc/slicer.hpp>

#include <gtest/gtest.h>

namespace xenlab::xmlrpc::test {
namespace {

using namespace xenlab::test;

struct Record {
    std::string member, key;
    Value value;
    bool operator==(const Record&) const = default;
};
using Records = std::vector<Record>;

Records slices(std::string_view text, std::size_t step = SIZE_MAX)
{
    Records all;
    Slicer slicer([&](std::string_view member, std::string_view key, const Value& v) {
        all.push_back({std::string(member), std::string(key), v});
    });
    for (std::size_t at = 0; at < text.size(); at += std::min(step, text.size()))
        slicer.feed(text.substr(at, step));
    slicer.finish();
    return all;
}

std::string refusal(std::string_view text)
{
    std::string words;
    for (const std::size_t step : {SIZE_MAX, std::size_t{1}})
        try {
            slices(text, step);
            return {};
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::bad_data);
            words = e.what();
        }
    return words;
}

Value text(std::string t)
{
    return Value(std::move(t));
}

const std::string sample =
    "\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- > by hand -->" +
    structure({{"version", structure({{"host", value("a&amp;b")}, {"n", value("<int>5</int>")}})},
               {"empty", "<value/>"},
               {"flag", boolean(true)},
               {"none", array({})},
               {"nothing", structure({})},
               {"a&lt;<![CDATA[b>]]>", value("named")},
               {"objects", array({value("one"),
                                  structure({{"id", value("Ref:1")},
                                             {"list", array({value("<![CDATA[</value>]]>")})}}),
                                  "<value/>"})}}) +
    "\n";

Records expected()
{
    return {{"version", "host", text("a&b")},
            {"version", "n", Value(std::int64_t{5})},
            {"empty", "", text("")},
            {"flag", "", Value(true)},
            {"none", "", Value(Array{})},
            {"nothing", "", Value(Struct{})},
            {"a<b>", "", text("named")},
            {"objects", "", text("one")},
            {"objects", "",
             Value(Struct{{"id", text("Ref:1")}, {"list", Value(Array{text("</value>")})}})},
            {"objects", "", text("")}};
}

TEST(Slicer, HandsOutRecords)
{
    EXPECT_EQ(slices(sample), expected());
}

TEST(Slicer, ResultsDoNotDependOnWhereTheTextIsCut)
{
    for (std::size_t at = 0; at <= sample.size(); ++at) {
        Records all;
        Slicer slicer([&](std::string_view member, std::string_view key, const Value& v) {
            all.push_back({std::string(member), std::string(key), v});
        });
        slicer.feed(std::string_view(sample).substr(0, at));
        slicer.feed(std::string_view(sample).substr(at));
        slicer.finish();
        ASSERT_EQ(all, expected()) << at;
    }
    for (const std::size_t step : {1U, 2U, 3U, 7U, 64U})
        EXPECT_EQ(slices(sample, step), expected()) << step;
}

TEST(Slicer, CutOffTextIsAnError)
{
    for (std::size_t cut = 0; cut + 1 < sample.size(); ++cut)
        EXPECT_THROW(slices(std::string_view(sample).substr(0, cut)), Error) << cut;
}

TEST(Slicer, AnswersOfAServer)
{
    const std::string answer =
        "<methodResponse><params><param>" +
        structure({{"Status", value("Success")},
                   {"Value", structure({{"OpaqueRef:1", structure({{"x", value("1")}})}})}}) +
        "</param></params></methodResponse>";
    EXPECT_EQ(slices(answer), (Records{{"Status", "", text("Success")},
                                       {"Value", "OpaqueRef:1", Value(Struct{{"x", text("1")}})}}));
    EXPECT_EQ(slices(value("scalar")), Records{}) << "nothing below the root";
    EXPECT_EQ(slices(array({value("a"), array({value("b")})})),
              (Records{{"", "", text("a")}, {"", "", text("b")}}));
}

TEST(Slicer, DocumentTypesAreRefused)
{
    EXPECT_EQ(refusal("<!DOCTYPE v [<!ENTITY a \"b\">]><value/>"),
              "not XML-RPC: a document type declaration");
    EXPECT_EQ(refusal("<value><!ENTITY a \"b\"></value>"),
              "not XML-RPC: a document type declaration");
}

TEST(Slicer, TextThatIsNotWellFormed)
{
    for (const auto* bad : {"",
                            "  ",
                            "text",
                            "<value>",
                            "</value>",
                            "<value></valu>",
                            "<a><b></a></b>",
                            "<value/><value/>",
                            "<value/>text",
                            "<>",
                            "< value/>",
                            "</>",
                            "<value",
                            "<!-- never closed",
                            "<!-->",
                            "<?>",
                            "<? >",
                            "<value a='>'",
                            "<value><![CDATA[x</value>",
                            "<value/><!",
                            "\xff<value/>"})
        EXPECT_NE(refusal(bad), "") << bad;
}

TEST(Slicer, ElementsInsideNames)
{
    // Once std::out_of_range, from a damaged closing tag of a name.
    EXPECT_EQ(refusal("<value><struct><member><name>a<value><value></value></value></name></"
                      "member></struct></value>"),
              "not XML-RPC: an element inside <name>");
    EXPECT_NE(
        refusal("<value><struct><member><name>a<n/></name><value/></member></struct></value>"), "");
}

TEST(Slicer, QuotesMayHoldBrackets)
{
    EXPECT_EQ(
        slices(
            "<value a=\"</value>\" b='\">'><struct><member><name>n</name><value>x</value></member>"
            "</struct></value>"),
        (Records{{"n", "", text("x")}}));
}

TEST(Slicer, RecordsAreBounded)
{
    const auto sized = [](std::size_t n) {
        Slicer slicer([](auto...) {}, 1000);
        const std::string xml = array({array({value(std::string(n, 'x'))})});
        for (std::size_t at = 0; at < xml.size(); at += 100)
            slicer.feed(std::string_view(xml).substr(at, 100));
        slicer.finish();
    };
    EXPECT_NO_THROW(sized(900));
    EXPECT_THROW(sized(1000), Error);
    EXPECT_THROW(sized(100000), Error);
    const auto endless = [](std::string_view start, std::string_view more) {
        Slicer slicer([](auto...) {});
        slicer.feed(start);
        for (int i = 0; i < 100000; ++i)
            slicer.feed(more);
    };
    EXPECT_THROW(endless("<value><array><data><value>", "0123456789012345678901234567890123456789"),
                 Error);
    EXPECT_THROW(endless("<value><array><data><value><![CDATA[", "0123456789012345678901234567890"),
                 Error);
    EXPECT_THROW(endless("<", "tag"), Error);
    EXPECT_THROW(endless("<!--", "comment"), Error);
    EXPECT_THROW(endless("<?", "instruction"), Error);
    EXPECT_THROW(endless("<value><struct><member><name>", "name"), Error);
    EXPECT_THROW(endless("", "<value>"), Error);
}

TEST(Slicer, MillionRecordsOneAtATime)
{
    std::size_t seen = 0;
    Slicer slicer([&](std::string_view, std::string_view, const Value&) { ++seen; });
    slicer.feed("<value><struct><member><name>objects</name><value><array><data>");
    std::string many;
    for (int i = 0; i < 1000; ++i)
        many += "<value/>";
    for (int i = 0; i < 300; ++i)
        slicer.feed(many);
    slicer.feed("</data></array></value></member></struct></value>");
    slicer.finish();
    EXPECT_EQ(seen, 300'000U);
}

} // namespace
} // namespace xenlab::xmlrpc::test
