// SPDX-License-Identifier: GPL-3.0-or-later
// Frames against the vectors in tests/data/serial/frames.txt, which another implementation can use.
#include <xenlab/bytes/hex.hpp>
#include <xenlab/serial/frame.hpp>
#include <xenlab/serial/sha256.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace xenlab::serial {
namespace {

View view(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

struct Seen {
    std::vector<std::string> payloads;
    std::string noise;
};

Seen read(View data, std::size_t step, Side from = Side::agent)
{
    FrameReader reader(from);
    Seen seen;
    for (std::size_t at = 0; at < data.size(); at += step)
        reader.feed(
            data.subspan(at, std::min(step, data.size() - at)),
            [&](const Frame& frame) { seen.payloads.push_back(bytes::to_hex(frame.payload)); },
            [&](View noise) {
                for (const std::byte b : noise)
                    seen.noise += static_cast<char>(b);
            });
    return seen;
}

TEST(Frame, MatchesTheVectors)
{
    std::ifstream file(XENLAB_TEST_DATA "/serial/frames.txt");
    int count = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#')
            continue;
        std::istringstream fields(line);
        unsigned type = 0, chan = 0, seq = 0, ack = 0, sess = 0, pn = 0, apn = 0;
        std::string payload, wire;
        fields >> std::hex >> type >> chan >> seq >> ack >> sess >> pn >> apn >> payload >> wire;
        const auto body = *bytes::from_hex(payload == "-" ? "" : payload);
        Frame frame{.type = static_cast<FrameType>(type & 15U),
                    .from = (type & 0x80U) != 0 ? Side::agent : Side::host,
                    .ack_now = (type & 0x40U) != 0,
                    .chan = static_cast<std::uint8_t>(chan),
                    .seq = static_cast<std::uint16_t>(seq),
                    .ack = static_cast<std::uint16_t>(ack),
                    .sess = static_cast<std::uint16_t>(sess),
                    .pn = static_cast<std::uint16_t>(pn),
                    .apn = static_cast<std::uint16_t>(apn),
                    .payload = body};
        Buffer out;
        append_frame(out, frame);
        EXPECT_EQ(bytes::to_hex(out), wire);
        const Seen seen = read(*bytes::from_hex(wire), 1, frame.from);
        ASSERT_EQ(seen.payloads.size(), 1U) << line;
        EXPECT_EQ(seen.payloads[0], payload == "-" ? "" : payload);
        ++count;
    }
    EXPECT_GE(count, 6);
}

Buffer frame_from_agent(std::string_view payload)
{
    Buffer out;
    append_frame(out, {.type = FrameType::data,
                       .from = Side::agent,
                       .chan = 1,
                       .sess = 7,
                       .payload = view(payload)});
    return out;
}

TEST(Frame, SurvivesTextAroundIt)
{
    const Buffer frame = frame_from_agent("hello");
    std::string line = "SeaBIOS (version 1.16)\r\n[ 0.000000] Linux\r\n";
    Buffer all(view(line).begin(), view(line).end());
    all.insert(all.end(), frame.begin(), frame.end());
    all.insert(all.end(), view("login: ").begin(), view("login: ").end());
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, all.size()}) {
        const Seen seen = read(all, step);
        ASSERT_EQ(seen.payloads.size(), 1U);
        EXPECT_EQ(seen.noise, line + "login: ");
    }
}

TEST(Frame, AnySingleDamageIsNoticed)
{
    const Buffer good = frame_from_agent("some payload");
    for (std::size_t at = 1; at + 1 < good.size(); ++at)
        for (unsigned bit = 0; bit < 8; ++bit) {
            Buffer bad = good;
            bad[at] ^= static_cast<std::byte>(1U << bit);
            EXPECT_TRUE(read(bad, bad.size()).payloads.empty()) << at << "." << bit;
        }
    for (std::size_t at = 1; at + 1 < good.size(); ++at) {
        Buffer bad = good;
        bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(at));
        EXPECT_TRUE(read(bad, bad.size()).payloads.empty()) << at;
    }
}

TEST(Frame, EchoOfOurOwnIsNoise)
{
    EXPECT_TRUE(read(frame_from_agent("x"), 5, Side::host).payloads.empty());
}

TEST(Frame, EndlessGarbageNeedsNoMemoryAndHidesNothing)
{
    Buffer all(300'000, std::byte{0x81});
    const Buffer frame = frame_from_agent("after");
    all.insert(all.end(), frame.begin(), frame.end());
    EXPECT_EQ(read(all, 4096).payloads.size(), 1U);
}

// FIPS 180-4 examples, RFC 4231 test cases 1, 2 and 6.
TEST(Sha256, PublishedVectors)
{
    const auto hash = [](std::string_view text) {
        Sha256 h;
        for (const char& c : text)
            h.update(std::as_bytes(std::span(&c, 1)));
        return bytes::to_hex(h.digest());
    };
    EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    Sha256 million;
    million.update(Buffer(1'000'000, std::byte{'a'}));
    EXPECT_EQ(bytes::to_hex(million.digest()),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(bytes::to_hex(hmac_sha256(Buffer(20, std::byte{0x0b}), view("Hi There"))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(bytes::to_hex(hmac_sha256(view("Jefe"), view("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(
        bytes::to_hex(hmac_sha256(Buffer(131, std::byte{0xaa}),
                                  view("Test Using Larger Than Block-Size Key - Hash Key First"))),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

} // namespace
} // namespace xenlab::serial
