// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/caught.hpp"

#include <xenlab/transport/websocket.hpp>

#include <gtest/gtest.h>

#include <string>

using namespace xenlab;
using transport::WebSocketDecoder;

namespace {

WebSocketDecoder::Bytes bytes_of(std::string_view text)
{
    const auto view = std::as_bytes(std::span(text));
    return {view.begin(), view.end()};
}

std::string text_of(const WebSocketDecoder::Bytes& data)
{
    std::string text;
    for (const std::byte b : data)
        text += static_cast<char>(b);
    return text;
}

/// A frame with the mask "abcd".
std::string masked(char first, const std::string& payload)
{
    std::string frame{first, static_cast<char>(0x80U | payload.size())};
    frame += "abcd";
    for (std::size_t i = 0; i < payload.size(); ++i)
        frame += static_cast<char>(payload[i] ^ "abcd"[i % 4]);
    return frame;
}

struct Fed {
    WebSocketDecoder decoder;
    WebSocketDecoder::Bytes data, answers;
    void feed(std::string_view text) { decoder.feed(bytes_of(text), data, answers); }
};

} // namespace

// RFC 6455 5.7: "a single-frame masked text message", here as binary.
TEST(WebSocket, TheExampleOfTheSpecificationIsRead)
{
    Fed fed;
    fed.feed("\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    EXPECT_EQ(text_of(fed.data), "Hello");
    EXPECT_TRUE(fed.answers.empty());
}

TEST(WebSocket, PiecesOfAnySizeGiveTheSame)
{
    const std::string all = masked('\x02', "one ") + masked('\x89', "ping") +
                            masked('\x80', "two") + masked('\x82', "") + masked('\x82', " three") +
                            masked('\x88', "\x03\xe8");
    for (std::size_t size = 1; size <= all.size(); ++size) {
        Fed fed;
        for (std::size_t at = 0; at < all.size(); at += size)
            fed.feed(std::string_view(all).substr(at, size));
        EXPECT_EQ(text_of(fed.data), "one two three") << size;
        EXPECT_EQ(text_of(fed.answers), "\x8a\x04ping\x88\x02\x03\xe8") << size;
        EXPECT_TRUE(fed.decoder.closed());
        EXPECT_EQ(fed.decoder.violation(), "");
    }
}

TEST(WebSocket, NothingIsTakenAfterTheEnd)
{
    Fed fed;
    fed.feed(masked('\x88', "") + masked('\x82', "more"));
    EXPECT_TRUE(fed.data.empty());
    EXPECT_EQ(text_of(fed.answers), std::string("\x88\0", 2));
}

TEST(WebSocket, LengthsTakeTheFewestBytes)
{
    using transport::websocket_head;
    EXPECT_EQ(text_of(websocket_head(0)), std::string("\x82\0", 2));
    EXPECT_EQ(text_of(websocket_head(125)), "\x82\x7d");
    EXPECT_EQ(text_of(websocket_head(126)), std::string("\x82\x7e\0\x7e", 4));
    EXPECT_EQ(text_of(websocket_head(65535)), "\x82\x7e\xff\xff");
    EXPECT_EQ(text_of(websocket_head(65536)), std::string("\x82\x7f\0\0\0\0\0\1\0\0", 10));
}

TEST(WebSocket, RequestsAreReadStrictly)
{
    const auto request =
        transport::parse_request("GET /a?b=c?d HTTP/1.1\r\nHost:  x:1 \r\nA: 1, Two\r\nB:");
    EXPECT_EQ(request.path, "/a");
    EXPECT_EQ(request.query, "b=c?d");
    EXPECT_EQ(request.field("host"), "x:1");
    EXPECT_EQ(request.field("b"), "");
    EXPECT_TRUE(request.lists("a", "two"));
    EXPECT_FALSE(request.lists("a", "three"));
    for (const char* bad :
         {"", "GET", "GET / HTTP/1.1 x", "G(T / HTTP/1.1", "GET x HTTP/1.1", "GET /\x80 HTTP/1.1",
          "GET / HTTP/1.1\nA: b", "GET / HTTP/1.1\r\nA", "GET / HTTP/1.1\r\n: b",
          "GET / HTTP/1.1\r\nA : b", "GET / HTTP/1.1\r\nA: \x01", "GET / HTTP/1.1\r\n",
          "GET / HTTP/1.1\r\r"})
        EXPECT_THROW(transport::parse_request(bad), transport::HttpRefusal) << bad;
}
