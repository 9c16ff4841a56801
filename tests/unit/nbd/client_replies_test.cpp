// SPDX-License-Identifier: GPL-3.0-or-later
// The client and servers that answer requests oddly, wrongly, late or not at all.
#include "scripted_server.hpp"

#include <chrono>

namespace xenlab::nbd::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint16_t done = proto::chunk_done;

std::vector<std::byte> range(const std::vector<std::byte>& data, std::size_t at, std::size_t length)
{
    const auto begin = data.begin() + static_cast<std::ptrdiff_t>(at);
    return {begin, begin + static_cast<std::ptrdiff_t>(length)};
}

TEST(ClientReplies, ChunksMayComeInAnyOrderWithHolesBetween)
{
    ScriptedServer server([](Script& s) {
        s.negotiate(mib, true);
        const auto r = s.request();
        s.say(Script::chunk(r, proto::chunk_offset_data, 0, Script::data(r.offset + 3000, 1096)));
        s.say(Script::chunk(r, proto::chunk_offset_hole, 0,
                            Message().put(r.offset + 1000).put(2000U)));
        s.say(Script::chunk(r, proto::chunk_offset_data, 0, Script::data(r.offset, 1000)));
        s.say(Script::chunk(r, proto::chunk_none, done, {}));
    });
    const auto device = server.open();
    const auto read = read_at(*device, 8192, 4096);
    EXPECT_EQ(range(read, 0, 1000), pattern(8192, 1000));
    EXPECT_EQ(range(read, 1000, 2000), std::vector<std::byte>(2000));
    EXPECT_EQ(range(read, 3000, 1096), pattern(8192 + 3000, 1096));
}

TEST(ClientReplies, RepliesMayOvertakeEachOther)
{
    ScriptedServer server([](Script& s) {
        s.negotiate(mib, true);
        std::vector<Script::Request> all(4);
        for (Script::Request& r : all)
            r = s.request();
        for (auto r = all.rbegin(); r != all.rend(); ++r)
            s.say(Script::chunk(*r, proto::chunk_offset_data, done,
                                Script::data(r->offset, r->length)));
        s.stall();
    });
    const auto device = server.open();
    EXPECT_EQ(read_at(*device, 0, mib), pattern(0, mib));
}

TEST(ClientReplies, AnErrorForOneRequestLeavesTheConnectionUsable)
{
    for (const bool structured : {true, false}) {
        ScriptedServer server([structured](Script& s) {
            s.negotiate(mib, structured);
            for (int i = 0;; ++i) {
                const auto r = s.request();
                const auto bytes = pattern(r.offset, r.length);
                if (!structured)
                    s.say(Message()
                              .put(proto::simple_reply_magic)
                              .put(i == 1 ? 5U : 0U)
                              .put(r.cookie)
                              .put(i == 1 ? std::string_view() : text_of(bytes)));
                else if (i == 1)
                    s.say(Script::chunk(r, proto::chunk_error, done,
                                        Message().put(5U).put(std::uint16_t{6}).put("rust\x1b!")));
                else
                    s.say(Script::chunk(r, proto::chunk_offset_data, done,
                                        Script::data(r.offset, r.length)));
            }
        });
        const auto device = server.open({.read_ahead = 0});
        std::vector<std::byte> buffer(768 << 10); // three requests, the second one fails
        try {
            device->read(0, buffer);
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Errc::failed);
            const std::string words = error.what();
            EXPECT_NE(words.find("262144 bytes at 262144: input/output error"), std::string::npos)
                << words;
            EXPECT_EQ(words.find("rust\\x1b!") != std::string::npos, structured) << words;
        }
        EXPECT_EQ(read_at(*device, 4096, 4096), pattern(4096, 4096));
    }
}

/// What the server says to the first request.
using Answer = std::function<void(Script&, const Script::Request&)>;

/// What read() of 4096 bytes at 8192 throws; the next read must throw the same.
std::optional<Errc> after(const Answer& answer, bool structured = true,
                          const ClientOptions& options = {})
{
    ScriptedServer server([&](Script& s) {
        s.negotiate(mib, structured);
        answer(s, s.request());
        s.stall();
    });
    const auto device = server.open(options);
    const auto code = code_of([&] { read_at(*device, 8192, 4096); });
    EXPECT_EQ(code_of([&] { read_at(*device, 0, 1); }), code)
        << "the connection is of no use any more";
    EXPECT_EQ(code_of([&] { device->extents(0, mib); }), structured ? code : std::nullopt);
    return code;
}

Answer chunk_of(std::uint16_t type, std::uint16_t flags, const Message& payload)
{
    return
        [=](Script& s, const Script::Request& r) { s.say(Script::chunk(r, type, flags, payload)); };
}

TEST(ClientReplies, NonsenseIsBadData)
{
    const auto ok = Script::data(8192, 4096);
    const std::vector<Answer> nonsense{
        [](Script& s, const Script::Request&) { s.say(Message().put(std::string(64, 'x'))); },
        [](Script& s, Script::Request r) { // a cookie that was not sent
            r.cookie += 99;
            s.say(Script::chunk(r, proto::chunk_offset_data, done, Script::data(8192, 4096)));
        },
        [](Script& s, const Script::Request& r) { // a simple reply although chunks were agreed on
            s.say(Message().put(proto::simple_reply_magic).put(0U).put(r.cookie));
        },
        chunk_of(proto::chunk_offset_data, done,
                 Script::data(8191, 4096)), // in front of the request
        chunk_of(proto::chunk_offset_data, done, Script::data(8193, 4096)), // behind it
        chunk_of(proto::chunk_offset_data, done, Message().put(UINT64_MAX - 10).put("0123456789")),
        chunk_of(proto::chunk_offset_data, done, Message().put(std::uint64_t{8192})), // no data
        chunk_of(proto::chunk_offset_data, done, Message().put(1U)),
        chunk_of(proto::chunk_offset_data, done, Script::data(8192, 4095)), // a gap
        chunk_of(proto::chunk_none, done, {}),                              // nothing but a gap
        chunk_of(proto::chunk_none, 0, {}),                                 // could go on for ever
        chunk_of(proto::chunk_none, done, Message().put(1U)),
        chunk_of(proto::chunk_offset_hole, done, Message().put(std::uint64_t{8192}).put(0U)),
        chunk_of(proto::chunk_offset_hole, done,
                 Message().put(std::uint64_t{8192}).put(UINT32_MAX)),
        chunk_of(proto::chunk_offset_hole, done, Message().put(std::uint64_t{8192})),
        chunk_of(77, done, Message().put("unknown")),
        chunk_of(proto::chunk_block_status, done,
                 Message().put(7U).put(4096U).put(0U)),                              // for a read
        chunk_of(proto::chunk_error, done, Message().put(0U).put(std::uint16_t{0})), // no error
        chunk_of(proto::chunk_error, done, Message().put(5U).put(std::uint16_t{100}).put("short")),
        chunk_of(proto::chunk_error, done, Message().put(5U)),
        [&](Script& s, const Script::Request& r) { // the same part twice
            s.say(Script::chunk(r, proto::chunk_offset_data, 0, Script::data(8192, 2048)));
            s.say(Script::chunk(r, proto::chunk_offset_data, done, ok));
        },
        [](Script& s, const Script::Request& r) { // sizes that nobody has memory for
            s.say(
                Script::chunk(r, proto::chunk_offset_data, 0, Message().put(r.offset), UINT32_MAX));
        },
        [](Script& s, const Script::Request& r) {
            s.say(Script::chunk(r, proto::chunk_error, 0, Message().put(5U), UINT32_MAX));
        },
        [](Script& s, const Script::Request& r) { // errors without end
            for (;;)
                s.say(Script::chunk(r, proto::chunk_error, 0,
                                    Message().put(5U).put(std::uint16_t{0})));
        },
        [](Script& s, const Script::Request& r) { // byte after byte
            for (std::uint64_t i = 0; i < 4096; i += 2)
                s.say(Script::chunk(r, proto::chunk_offset_data, 0, Script::data(r.offset + i, 1)));
        },
    };
    for (std::size_t i = 0; i < nonsense.size(); ++i)
        EXPECT_EQ(after(nonsense[i]), Errc::bad_data) << i;
    EXPECT_EQ(after(chunk_of(proto::chunk_offset_data, done, ok), false), Errc::bad_data)
        << "chunks that were not agreed on";
}

TEST(ClientReplies, AServerThatDiesIsUnreachable)
{
    EXPECT_EQ(after([](Script&, const Script::Request&) { throw Error(Errc::failed, "gone"); }),
              Errc::unreachable);
    EXPECT_EQ(
        after([](Script& s, const Script::Request& r) { // in the middle of the data
            s.say(Script::chunk(r, proto::chunk_offset_data, done, Script::data(8192, 100), 4104));
            throw Error(Errc::failed, "gone");
        }),
        Errc::unreachable);
}

TEST(ClientReplies, AServerThatStallsOrDripsTimesOut)
{
    const ClientOptions quick{.silence_timeout = 150ms};
    EXPECT_EQ(after([](Script&, const Script::Request&) {}, true, quick), Errc::timeout);
    EXPECT_EQ(after(
                  [](Script& s, const Script::Request& r) {
                      s.say(Script::chunk(r, proto::chunk_offset_data, done,
                                          Message().put(r.offset), 4104));
                      for (int i = 0; i < 1000; ++i) { // always something, never enough
                          s.say(Message().put("x"));
                          std::this_thread::sleep_for(20ms);
                      }
                  },
                  true, quick),
              Errc::timeout);
}

TEST(ClientReplies, AStopEndsTheWait)
{
    std::stop_source stop;
    ScriptedServer server(
        [](Script& s) {
            s.negotiate(mib, true);
            s.stall();
        },
        stop.get_token());
    const auto device = server.open();
    const std::jthread later([&stop] {
        std::this_thread::sleep_for(50ms);
        stop.request_stop();
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(code_of([&] { read_at(*device, 0, 4096); }), Errc::interrupted);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(ClientReplies, ReadsOutsideTheDiskAreNotSent)
{
    ScriptedServer server([](Script& s) {
        s.negotiate(1000, true);
        s.stall();
    });
    const auto device = server.open();
    EXPECT_EQ(code_of([&] { read_at(*device, 1000, 1); }), Errc::bad_data);
    EXPECT_EQ(code_of([&] { read_at(*device, UINT64_MAX, 1); }), Errc::bad_data);
    EXPECT_EQ(code_of([&] { read_at(*device, 1000, 0); }), std::nullopt);
}

TEST(ClientReplies, ReadAheadIsBoundedAndDoesNotShowFailuresEarly)
{
    ScriptedServer server([](Script& s) {
        s.negotiate(64 * mib, true);
        for (;;) {
            const auto r = s.request();
            EXPECT_LE(r.length, 256U << 10);
            if (r.offset + r.length > 8 * mib)
                s.say(Script::chunk(r, proto::chunk_error, done,
                                    Message().put(5U).put(std::uint16_t{0})));
            else
                s.say(Script::chunk(r, proto::chunk_offset_data, done,
                                    Script::data(r.offset, r.length)));
        }
    });
    const auto device = server.open({.read_ahead = 1 << 20});
    for (std::uint64_t at = 0; at < 8 * mib; at += 100'000) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(100'000, 8 * mib - at));
        ASSERT_EQ(read_at(*device, at, n), pattern(at, n)) << at;
    }
    EXPECT_EQ(code_of([&] { read_at(*device, 8 * mib, 100); }), Errc::failed);
    EXPECT_EQ(read_at(*device, 3 * mib + 5, 1000), pattern(3 * mib + 5, 1000)) << "back again";
}

} // namespace
} // namespace xenlab::nbd::test
