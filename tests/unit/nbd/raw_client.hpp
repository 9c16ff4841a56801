// SPDX-License-Identifier: GPL-3.0-or-later
// A client that says what it is told to, right or wrong.
#pragma once

#include "own_server.hpp"
#include "protocol.hpp"
#include "wire.hpp"

#include <xenlab/transport/channel.hpp>

namespace xenlab::nbd::test {

using proto::Cmd;
using proto::Opt;
using proto::Rep;

class RawClient {
  public:
    explicit RawClient(const OwnServer& server)
        : channel_(transport::connect_unix(server.socket(), soon(), {})), input_(*channel_)
    {
    }

    static TimePoint soon() { return transport::deadline_in(std::chrono::seconds(20)); }

    void say(const Message& message) { channel_->write(message.view(), {}, soon()); }
    std::vector<std::byte> hear(std::size_t count)
    {
        std::vector<std::byte> heard(count);
        input_.read(heard, soon(), "test");
        return heard;
    }
    /// True when the server has cut the connection.
    bool ended()
    {
        try {
            std::array<std::byte, 1> one{};
            return !input_.read_or_end(one, soon(), "test");
        } catch (const Error& error) {
            return error.code() == Errc::unreachable;
        }
    }

    void greet(std::uint32_t flags = proto::fixed_newstyle | proto::no_zeroes)
    {
        hear(18);
        say(Message().put(flags));
    }
    void option(Opt type, const Message& content = {})
    {
        option(static_cast<std::uint32_t>(type), content);
    }
    void option(std::uint32_t type, const Message& content = {})
    {
        say(Message()
                .put(proto::option_magic)
                .put(type)
                .put(static_cast<std::uint32_t>(content.view().size())));
        say(content);
    }
    /// The type of the next reply; its data goes into `data`.
    Rep reply()
    {
        const auto head = hear(20);
        EXPECT_EQ(bytes::be64(head, 0), proto::option_reply_magic);
        data = hear(bytes::be32(head, 16));
        return static_cast<Rep>(bytes::be32(head, 12));
    }
    static Message go_data(std::string_view name = "")
    {
        Message message;
        message.put_counted(name).put(std::uint16_t{0});
        return message;
    }
    void negotiate(bool structured)
    {
        greet();
        if (structured) {
            option(Opt::structured_reply);
            EXPECT_EQ(reply(), Rep::ack);
            Message query;
            query.put_counted("").put(1U).put_counted(proto::base_allocation);
            option(Opt::set_meta_context, query);
            EXPECT_EQ(reply(), Rep::meta_context);
            EXPECT_EQ(reply(), Rep::ack);
        }
        option(Opt::go, go_data());
        EXPECT_EQ(reply(), Rep::info);
        EXPECT_EQ(reply(), Rep::ack);
    }
    void request(Cmd type, std::uint64_t offset, std::uint32_t length, std::uint16_t flags = 0,
                 std::uint64_t cookie = 42)
    {
        say(Message()
                .put(proto::request_magic)
                .put(flags)
                .put(static_cast<std::uint16_t>(type))
                .put(cookie)
                .put(offset)
                .put(length));
    }
    /// The error of a simple reply.
    std::uint32_t simple(std::uint64_t cookie = 42)
    {
        const auto head = hear(16);
        EXPECT_EQ(bytes::be32(head, 0), proto::simple_reply_magic);
        EXPECT_EQ(bytes::be64(head, 8), cookie);
        return bytes::be32(head, 4);
    }
    /// The type of a chunk; its payload goes into `data`.
    std::uint16_t chunk(std::uint64_t cookie = 42)
    {
        const auto head = hear(20);
        EXPECT_EQ(bytes::be32(head, 0), proto::structured_reply_magic);
        EXPECT_EQ(bytes::be64(head, 8), cookie);
        done = (bytes::be16(head, 4) & proto::chunk_done) != 0;
        data = hear(bytes::be32(head, 16));
        return bytes::be16(head, 6);
    }
    /// The error of a reply that is one error chunk.
    std::uint32_t chunk_error()
    {
        EXPECT_EQ(chunk(), proto::chunk_error);
        EXPECT_TRUE(done);
        return bytes::be32(data, 0);
    }

    std::vector<std::byte> data;
    bool done = false;

  private:
    std::unique_ptr<transport::Channel> channel_;
    Input input_;
};

} // namespace xenlab::nbd::test
