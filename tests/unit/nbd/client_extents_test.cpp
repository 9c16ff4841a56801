// SPDX-License-Identifier: GPL-3.0-or-later
// Block status as extents.
#include "scripted_server.hpp"

namespace xenlab::nbd::test {
namespace {

using block::Extent;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint16_t done = proto::chunk_done;
constexpr std::uint32_t hole = proto::state_hole | proto::state_zero;

/// Answers every block status request with the same descriptors.
ScriptedServer status_server(std::uint64_t size, const std::vector<std::uint32_t>& descriptors)
{
    return ScriptedServer([=](Script& s) {
        s.negotiate(size, true);
        for (;;) {
            const auto r = s.request();
            Message payload;
            payload.put(7U);
            for (const std::uint32_t field : descriptors)
                payload.put(field);
            s.say(Script::chunk(r, proto::chunk_block_status, done, payload));
        }
    });
}

TEST(ClientExtents, AreJoinedAndClipped)
{
    auto server = status_server(mib, {4096, 0, 4096, proto::state_hole, 8192, hole, 4096, 0});
    const auto device = server.open();
    // The first question is for 0, because requests keep to blocks of 512; the answer repeats at
    // 20480.
    EXPECT_EQ(device->extents(100, 30'000),
              (std::vector<Extent>{{.offset = 100, .length = 8092, .hole = false},
                                   {.offset = 8192, .length = 8192, .hole = true},
                                   {.offset = 16384, .length = 12288, .hole = false},
                                   {.offset = 28672, .length = 1428, .hole = true}}));
    EXPECT_EQ(device->extents(0, 0), std::vector<Extent>{});
    EXPECT_EQ(code_of([&] { device->extents(mib, 1); }), Errc::bad_data);
}

TEST(ClientExtents, TheLastDescriptorMayGoBeyondTheRequest)
{
    auto server = status_server(mib, {UINT32_MAX, hole});
    EXPECT_EQ(server.open()->extents(1, 2),
              (std::vector<Extent>{{.offset = 1, .length = 2, .hole = true}}));
}

TEST(ClientExtents, CrumbsFromAHugeDiskAreBounded)
{
    auto server = status_server(proto::max_size, {1, 0, 1, hole});
    const auto device = server.open();
    const auto all = device->extents(0, proto::max_size);
    EXPECT_LE(all.size(), (1U << 20) + 1);
    std::uint64_t at = 0;
    for (const Extent& one : all) {
        ASSERT_EQ(one.offset, at);
        at += one.length;
    }
    EXPECT_EQ(at, proto::max_size) << "what it was not asked about counts as data";
    EXPECT_FALSE(all.back().hole);
}

TEST(ClientExtents, ServersThatCannotTellHaveData)
{
    for (const bool simple : {false, true}) {
        ScriptedServer server([simple](Script& s) {
            s.negotiate(mib, true);
            const auto r = s.request();
            if (simple)
                s.say(Message().put(proto::simple_reply_magic).put(proto::einval).put(r.cookie));
            else
                s.say(Script::chunk(r, proto::chunk_error, done,
                                    Message().put(proto::enotsup).put(std::uint16_t{0})));
            s.stall();
        });
        EXPECT_EQ(server.open()->extents(1000, 5000),
                  (std::vector<Extent>{{.offset = 1000, .length = 5000, .hole = false}}));
    }
}

TEST(ClientExtents, AnErrorIsAnError)
{
    ScriptedServer server([](Script& s) {
        s.negotiate(mib, true);
        const auto r = s.request();
        s.say(Script::chunk(r, proto::chunk_error, done, Message().put(5U).put(std::uint16_t{0})));
        s.stall();
    });
    const auto device = server.open();
    EXPECT_EQ(code_of([&] { device->extents(0, mib); }), Errc::failed);
}

TEST(ClientExtents, NonsenseIsBadData)
{
    const std::vector<Message> nonsense{
        Message().put(7U),                               // no descriptor
        Message().put(8U).put(4096U).put(0U),            // another context
        Message().put(7U).put(0U).put(0U),               // no length
        Message().put(7U).put(4096U).put(0U).put(4096U), // half a descriptor
    };
    for (std::size_t i = 0; i < nonsense.size(); ++i) {
        ScriptedServer server([&](Script& s) {
            s.negotiate(mib, true);
            s.say(Script::chunk(s.request(), proto::chunk_block_status, done, nonsense[i]));
            s.stall();
        });
        const auto device = server.open();
        EXPECT_EQ(code_of([&] { device->extents(0, mib); }), Errc::bad_data) << i;
    }
    ScriptedServer none([](Script& s) {
        s.negotiate(mib, true);
        s.say(Script::chunk(s.request(), proto::chunk_none, done, {}));
        s.stall();
    });
    const auto device = none.open();
    EXPECT_EQ(code_of([&] { device->extents(0, mib); }), Errc::bad_data);
}

} // namespace
} // namespace xenlab::nbd::test
