// SPDX-License-Identifier: GPL-3.0-or-later
// Requests that are right, wrong, cut off or too slow.
#include "raw_client.hpp"

#include <atomic>

namespace xenlab::nbd::test {
namespace {

constexpr std::uint64_t mib = 1 << 20;

TEST(ServerRequests, ALongReadComesInPiecesThatFit)
{
    OwnServer server({pattern_export(3 * mib)});
    RawClient client(server);
    client.negotiate(true);
    client.request(Cmd::read, 777, 2 * mib + 1);
    std::vector<std::byte> all;
    do {
        ASSERT_EQ(client.chunk(), proto::chunk_offset_data);
        EXPECT_EQ(bytes::be64(client.data, 0), 777 + all.size());
        all.insert(all.end(), client.data.begin() + 8, client.data.end());
    } while (!client.done);
    EXPECT_EQ(all, pattern(777, 2 * mib + 1));
}

TEST(ServerRequests, AReadThatMustNotBeSplitIsNot)
{
    OwnServer server({pattern_export(3 * mib)});
    RawClient client(server);
    client.negotiate(true);
    client.request(Cmd::read, 0, 256 << 10, proto::cmd_flag_df);
    EXPECT_EQ(client.chunk(), proto::chunk_offset_data);
    EXPECT_TRUE(client.done);
    client.request(Cmd::read, 0, (256 << 10) + 1, proto::cmd_flag_df);
    EXPECT_EQ(client.chunk_error(), proto::eoverflow);
}

TEST(ServerRequests, SimpleRepliesCarryLongReads)
{
    OwnServer server({pattern_export(3 * mib)});
    RawClient client(server);
    client.negotiate(false);
    client.request(Cmd::read, 1, 3 * mib - 1, 0, 7);
    EXPECT_EQ(client.simple(7), 0U);
    EXPECT_EQ(client.hear(3 * mib - 1), pattern(1, 3 * mib - 1));
}

TEST(ServerRequests, WrongRequestsAreErrorsAndTheConnectionGoesOn)
{
    OwnServer server({pattern_export(mib)});
    RawClient client(server);
    client.negotiate(true);
    struct Case {
        Cmd type;
        std::uint64_t offset;
        std::uint32_t length;
        std::uint16_t flags;
    };
    for (const Case& one :
         {Case{Cmd::read, mib, 1, 0}, Case{Cmd::read, mib - 1, 2, 0},
          Case{Cmd::read, UINT64_MAX, 1, 0}, Case{Cmd::read, UINT64_MAX - 3, 16, 0},
          Case{Cmd::read, 0, 0, 0}, Case{Cmd::read, 0, 32 * mib + 1, 0},
          Case{Cmd::read, 0, UINT32_MAX, 0}, Case{Cmd::read, 0, 16, 0x8000},
          Case{Cmd::block_status, 0, 0, 0}, Case{Cmd::block_status, 5, mib, 0}}) {
        client.request(one.type, one.offset, one.length, one.flags);
        EXPECT_EQ(client.chunk_error(), proto::einval) << one.offset << " " << one.length;
    }
    for (const Cmd type : {Cmd::flush, static_cast<Cmd>(99)}) {
        client.request(type, 0, 0);
        EXPECT_EQ(client.simple(), proto::einval);
    }
    for (const Cmd type : {Cmd::trim, Cmd::write_zeroes}) {
        client.request(type, 0, 4096);
        EXPECT_EQ(client.simple(), proto::eperm);
    }
    client.request(Cmd::cache, 0, mib);
    EXPECT_EQ(client.simple(), 0U);
    client.request(Cmd::cache, 1, mib);
    EXPECT_EQ(client.simple(), proto::einval);
    client.request(Cmd::read, 0, 16);
    EXPECT_EQ(client.chunk(), proto::chunk_offset_data);
    EXPECT_TRUE(server.client_errors().empty());
}

TEST(ServerRequests, WritesAreRefusedAfterTheirPayload)
{
    OwnServer server({pattern_export(mib)});
    RawClient client(server);
    client.negotiate(true);
    client.request(Cmd::write, 0, 100'000);
    client.say(Message().put(std::string(100'000, 'x')));
    EXPECT_EQ(client.simple(), proto::eperm);
    client.request(Cmd::write, 0, UINT32_MAX);
    EXPECT_TRUE(client.ended()) << "nobody reads four gigabytes for that";
}

TEST(ServerRequests, BlockStatusTellsHoles)
{
    OwnServer server({pattern_export(mib)});
    RawClient client(server);
    client.negotiate(true);
    client.request(Cmd::block_status, 1, static_cast<std::uint32_t>(mib) - 1);
    ASSERT_EQ(client.chunk(), proto::chunk_block_status);
    EXPECT_EQ(bytes::be32(client.data, 0), 1U);
    PatternDisk disk(mib);
    const auto expected = disk.extents(1, mib - 1);
    ASSERT_EQ(client.data.size(), 4 + 8 * expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(bytes::be32(client.data, 4 + 8 * i), expected[i].length);
        EXPECT_EQ(bytes::be32(client.data, 8 + 8 * i), expected[i].hole ? 3U : 0U);
    }
    client.request(Cmd::block_status, 0, mib, proto::cmd_flag_req_one);
    ASSERT_EQ(client.chunk(), proto::chunk_block_status);
    EXPECT_EQ(client.data.size(), 12U);
}

TEST(ServerRequests, BlockStatusOfManyExtentsIsBounded)
{
    constexpr std::uint64_t size = 8ULL << 30; // 131072 runs of 64 KiB, every fourth a hole
    OwnServer server({pattern_export(size)});
    RawClient client(server);
    client.negotiate(true);
    client.request(Cmd::block_status, 0, UINT32_MAX);
    ASSERT_EQ(client.chunk(), proto::chunk_block_status);
    EXPECT_EQ(client.data.size(), 4 + 8 * 4096U) << "a front part is a valid answer";
}

TEST(ServerRequests, GarbageAndHalfRequestsEndOneConnectionOnly)
{
    OwnServer server({pattern_export(mib)}, {.stall_timeout = std::chrono::milliseconds(200)});
    RawClient other(server);
    other.negotiate(true);
    {
        RawClient client(server);
        client.negotiate(true);
        client.say(Message().put(std::string(28, 'x')));
        EXPECT_TRUE(client.ended());
    }
    {
        RawClient client(server);
        client.negotiate(true);
        client.say(Message().put(proto::request_magic).put(0U));
    } // leaves in the middle
    {
        RawClient client(server);
        client.negotiate(true);
        client.say(Message().put(proto::request_magic).put(0U));
        EXPECT_TRUE(client.ended()) << "does not wait for ever for the rest";
    }
    {
        RawClient client(server);
        client.negotiate(true);
        for (int i = 0; i < 8; ++i)
            client.request(Cmd::read, 0, mib);
    } // leaves while data is on its way
    other.request(Cmd::read, 0, 16);
    EXPECT_EQ(other.chunk(), proto::chunk_offset_data) << "silent for longer, but between requests";
}

TEST(ServerRequests, AClientThatTakesNothingStopsNobodyElse)
{
    PatternDisk shared(64 * mib);
    OwnServer server({{.name = "", .description = "", .open = take_turns(shared)}},
                     {.stall_timeout = std::chrono::milliseconds(500)});
    RawClient stalled(server);
    stalled.negotiate(true);
    for (int i = 0; i < 100; ++i)
        stalled.request(Cmd::read, 0, 32 * mib);
    RawClient other(server);
    other.negotiate(true);
    for (int i = 0; i < 50; ++i) {
        other.request(Cmd::read, 0, 4096);
        EXPECT_EQ(other.chunk(), proto::chunk_offset_data);
    }
    for (int tries = 0; tries < 500 && server.client_errors().empty(); ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(server.client_errors().size(), 1U) << "and is cut off in the end";
    EXPECT_EQ(server.client_errors()[0].code(), Errc::timeout);
}

/// Fails at one place, with whatever a device may throw.
class BadDisk final : public PatternDisk {
  public:
    using PatternDisk::PatternDisk;
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        if (offset == 512 << 10)
            throw Error(Errc::bad_data, "damaged");
        if (offset == 4096)
            throw std::bad_alloc();
        PatternDisk::read(offset, buffer);
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        if (offset == 4096)
            throw Error(Errc::bad_data, "damaged map");
        return PatternDisk::extents(offset, length);
    }
};

TEST(ServerRequests, DeviceErrorsAreReportedAndTheConnectionGoesOn)
{
    OwnServer server(
        {{.name = "", .description = "", .open = [] { return std::make_unique<BadDisk>(mib); }}});
    RawClient client(server);
    client.negotiate(true);
    client.request(Cmd::read, 0, mib);
    EXPECT_EQ(client.chunk(), proto::chunk_offset_data);
    EXPECT_EQ(client.chunk(), proto::chunk_offset_data);
    EXPECT_EQ(client.chunk(), proto::chunk_error_offset);
    EXPECT_TRUE(client.done);
    EXPECT_EQ(bytes::be32(client.data, 0), proto::eio);
    EXPECT_EQ(bytes::be64(client.data, 6), 512U << 10);
    client.request(Cmd::read, 4096, 16);
    EXPECT_EQ(client.chunk(), proto::chunk_error_offset);
    client.request(Cmd::block_status, 4096, 4096);
    EXPECT_EQ(client.chunk_error(), proto::eio);
    client.request(Cmd::read, 0, 16);
    EXPECT_EQ(client.chunk(), proto::chunk_offset_data);
    ASSERT_EQ(server.device_errors().size(), 3U);
    EXPECT_STREQ(server.device_errors()[0].what(), "damaged");

    RawClient old(server);
    old.negotiate(false);
    old.request(Cmd::read, 512 << 10, 4096);
    EXPECT_EQ(old.simple(), proto::eio);
    old.request(Cmd::read, 0, 16);
    EXPECT_EQ(old.simple(), 0U);
}

} // namespace
} // namespace xenlab::nbd::test
