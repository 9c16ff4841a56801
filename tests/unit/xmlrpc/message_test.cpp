// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/archive.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/xmlrpc/message.hpp>

#include <gtest/gtest.h>

namespace xenlab::xmlrpc::test {
namespace {

using namespace xenlab::test;

std::string answer(const std::string& inside)
{
    return "<?xml version=\"1.0\"?><methodResponse>" + inside + "</methodResponse>";
}

std::string refusal(std::string_view xml)
{
    try {
        decode_response(xml);
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Errc::bad_data);
        return e.what();
    }
    return {};
}

TEST(DecodeResponse, AnswersAndFaults)
{
    const Response plain =
        decode_response(answer("<params><param><value>x</value></param></params>"));
    EXPECT_FALSE(plain.fault);
    EXPECT_EQ(plain.value, Value("x"));
    EXPECT_EQ(decode_response(answer("\n<params> <param><value><!-- -->x</value></param></params>"))
                  .value,
              Value("x"));
    const Response fault =
        decode_response(answer("<fault>" + structure({{"faultString", value("no")}}) + "</fault>"));
    EXPECT_TRUE(fault.fault);
    EXPECT_EQ(fault.value.find("faultString")->as_scalar(), "no");
}

TEST(DecodeResponse, OtherTextIsRefused)
{
    for (const std::string& bad :
         {std::string(), std::string("<html></html>"), answer(""), answer("<params></params>"),
          answer("<params><param></param></params>"), answer("<fault></fault>"),
          answer("<params><param><value>x</value></param></params>").substr(0, 60),
          std::string("<methodResponse></methodResponse><methodResponse/>")})
        EXPECT_NE(refusal(bad), "") << bad;
    EXPECT_EQ(refusal("<a\x1b[2J/>").find('\x1b'), std::string::npos);
}

TEST(EncodeCall, IsReadBackAsItWas)
{
    const Value record(Struct{{"name <&>", Value("a\r\n\"b\" größe")},
                              {"list", Value(Array{Value(true), Value(false), Value(0.1)})},
                              {"none", Value()},
                              {"when", Value(Value::DateTime{"20261122T15:19:10Z"})}});
    EXPECT_EQ(decode_value(encode_value(record)), record);
    EXPECT_EQ(decode_value(encode_value(Value(std::int64_t{-5}))), Value("-5")) << "xapi's ints";
    EXPECT_EQ(encode_call("VM.start", {Value("a"), Value(false)}),
              "<?xml version=\"1.0\"?><methodCall><methodName>VM.start</methodName><params><param>"
              "<value>a</value></param><param><value><boolean>0</boolean></value></param></params>"
              "</methodCall>");
}

TEST(EncodeCall, WhatXmlCannotCarryIsRefused)
{
    for (const std::string& bad : {std::string("a\0b", 3), std::string("\x1b[2J"),
                                   std::string("\xff"), std::string("\xed\xa0\x80")})
        try {
            encode_value(Value(bad));
            ADD_FAILURE() << bad;
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Errc::usage);
        }
}

} // namespace
} // namespace xenlab::xmlrpc::test
