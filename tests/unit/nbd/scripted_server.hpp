// SPDX-License-Identifier: GPL-3.0-or-later
// A server that says what it is told to, right or wrong.
#pragma once

#include "protocol.hpp"
#include "scratch.hpp"
#include "wire.hpp"

#include <xenlab/nbd/client.hpp>

#include <functional>
#include <thread>

#include <sys/socket.h>

namespace xenlab::nbd::test {

using proto::Opt;
using proto::Rep;

/// The server's end of a conversation. A client that hangs up ends the script quietly.
class Script {
  public:
    explicit Script(io::Fd socket)
        : channel_(transport::socket_channel(std::move(socket), "client", {})), input_(*channel_)
    {
    }

    struct Request {
        std::uint16_t type = 0;
        std::uint64_t cookie = 0;
        std::uint64_t offset = 0;
        std::uint32_t length = 0;
    };

    static TimePoint soon() { return transport::deadline_in(std::chrono::seconds(20)); }

    void say(const Message& message) { channel_->write(message.view(), {}, soon()); }
    void hear(std::span<std::byte> into) { input_.read(into, soon(), "script"); }
    void greet(std::uint16_t flags = proto::fixed_newstyle | proto::no_zeroes)
    {
        say(Message().put(proto::init_magic).put(proto::option_magic).put(flags));
        std::array<std::byte, 4> theirs{};
        hear(theirs);
    }
    /// Waits for an option and drops its data.
    void expect(Opt option)
    {
        std::array<std::byte, 16> head{};
        hear(head);
        EXPECT_EQ(bytes::be32(head, 8), static_cast<std::uint32_t>(option));
        input_.skip(bytes::be32(head, 12), soon(), "script");
    }
    void reply(Opt option, Rep type, const Message& data = {}, const std::string& behind = {})
    {
        say(Message()
                .put(proto::option_reply_magic)
                .put(static_cast<std::uint32_t>(option))
                .put(static_cast<std::uint32_t>(type))
                .put(static_cast<std::uint32_t>(data.view().size()))
                .put(text_of(data.view()))
                .put(behind));
    }
    static Message export_info(std::uint64_t size)
    {
        Message message;
        message.put(proto::info_export)
            .put(size)
            .put(std::uint16_t{proto::has_flags | proto::read_only});
        return message;
    }
    /// Up to the transmission, the usual way.
    void negotiate(std::uint64_t size, bool structured)
    {
        greet();
        expect(Opt::structured_reply);
        reply(Opt::structured_reply, structured ? Rep::ack : Rep::err_unsup);
        if (structured) {
            expect(Opt::set_meta_context);
            reply(Opt::set_meta_context, Rep::meta_context,
                  Message().put(7U).put(proto::base_allocation));
            reply(Opt::set_meta_context, Rep::ack);
        }
        expect(Opt::go);
        reply(Opt::go, Rep::info, export_info(size));
        reply(Opt::go, Rep::ack);
    }
    Request request()
    {
        std::array<std::byte, proto::request_size> head{};
        hear(head);
        return {.type = bytes::be16(head, 6),
                .cookie = bytes::be64(head, 8),
                .offset = bytes::be64(head, 16),
                .length = bytes::be32(head, 24)};
    }
    static Message chunk(const Request& request, std::uint16_t type, std::uint16_t flags,
                         const Message& payload)
    {
        return chunk(request, type, flags, payload,
                     static_cast<std::uint32_t>(payload.view().size()));
    }
    static Message chunk(const Request& request, std::uint16_t type, std::uint16_t flags,
                         const Message& payload, std::uint32_t claimed_length)
    {
        Message message;
        message.put(proto::structured_reply_magic).put(flags).put(type).put(request.cookie);
        message.put(claimed_length).put(text_of(payload.view()));
        return message;
    }
    static Message data(std::uint64_t offset, std::size_t length)
    {
        const auto bytes = pattern(offset, length);
        Message message;
        message.put(offset).put(text_of(bytes));
        return message;
    }
    /// Says nothing more until the client has gone.
    void stall()
    {
        for (std::array<std::byte, 1> one{}; input_.read_or_end(one, soon(), "script");) {
        }
    }

  private:
    std::unique_ptr<transport::Channel> channel_;
    Input input_;
};

/// Runs the script in a thread; channel() is the client's end.
class ScriptedServer {
  public:
    explicit ScriptedServer(std::function<void(Script&)> script, std::stop_token stop = {})
    {
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
            throw std::system_error(errno, std::generic_category(), "socketpair");
        client_ = transport::socket_channel(io::Fd(pair[0]), "server", std::move(stop));
        thread_ = std::jthread([script = std::move(script), fd = pair[1]] {
            try {
                Script end{io::Fd(fd)};
                script(end);
            } catch (const Error&) { // the client hung up
                return;
            }
        });
    }

    std::unique_ptr<block::BlockDevice> open(const ClientOptions& options = {},
                                             const std::string& tls_host = {})
    {
        return open_export(std::move(client_), "disk?session=SECRET", tls_host, options);
    }

  private:
    std::unique_ptr<transport::Channel> client_;
    std::jthread thread_; ///< joined last: the client's end is closed by then
};

} // namespace xenlab::nbd::test
