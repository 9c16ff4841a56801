// SPDX-License-Identifier: GPL-3.0-or-later
// The client and servers that are old, picky, hostile or dead before the first request.
#include "scripted_server.hpp"

#include <chrono>

namespace xenlab::nbd::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1 << 20;

/// What open() throws.
Error refusal(const std::function<void(Script&)>& script, const ClientOptions& options = {})
{
    ScriptedServer server(script);
    try {
        server.open(options);
    } catch (const Error& error) {
        return error;
    }
    return {Errc::usage, "nothing was thrown"};
}

TEST(ClientNegotiation, FallsBackToExportNameAndSimpleReplies)
{
    for (const bool fixed : {true, false}) {
        ScriptedServer server([fixed](Script& s) {
            s.greet(fixed ? proto::fixed_newstyle : std::uint16_t{0});
            for (const Opt option : {Opt::structured_reply, Opt::go}) {
                if (!fixed)
                    break;
                s.expect(option);
                s.reply(option, Rep::err_unsup);
            }
            s.expect(Opt::export_name);
            s.say(Message().put(mib).put(std::uint16_t{1}).put(std::string(124, '\0')));
            const auto request = s.request();
            const auto bytes = pattern(request.offset, request.length);
            s.say(Message()
                      .put(proto::simple_reply_magic)
                      .put(0U)
                      .put(request.cookie)
                      .put(text_of(bytes)));
        });
        const auto device = server.open();
        EXPECT_EQ(device->size(), mib);
        EXPECT_EQ(read_at(*device, 512, 1024), pattern(512, 1024));
        EXPECT_EQ(device->extents(0, mib),
                  (std::vector<block::Extent>{{.offset = 0, .length = mib, .hole = false}}));
    }
}

TEST(ClientNegotiation, AlignsToTheServersBlocks)
{
    ScriptedServer server([](Script& s) {
        s.greet();
        s.expect(Opt::structured_reply);
        s.reply(Opt::structured_reply, Rep::err_unsup);
        s.expect(Opt::go);
        s.reply(Opt::go, Rep::info, Script::export_info(mib));
        s.reply(Opt::go, Rep::info,
                Message().put(proto::info_block_size).put(4096U).put(4096U).put(8192U));
        s.reply(Opt::go, Rep::info, Message().put(std::uint16_t{1234}).put("of the future"));
        s.reply(Opt::go, Rep::ack);
        for (;;) {
            const auto request = s.request();
            EXPECT_EQ(request.offset % 4096, 0U);
            EXPECT_EQ(request.length % 4096, 0U);
            EXPECT_LE(request.length, 8192U);
            const auto bytes = pattern(request.offset, request.length);
            s.say(Message()
                      .put(proto::simple_reply_magic)
                      .put(0U)
                      .put(request.cookie)
                      .put(text_of(bytes)));
        }
    });
    const auto device = server.open({.read_ahead = 64 << 10});
    for (const std::uint64_t offset : {0ULL, 1ULL, 4095ULL, 4096ULL, 70'000ULL})
        for (const std::size_t length : {1UL, 4095UL, 4097UL, 8192UL, 100'001UL})
            EXPECT_EQ(read_at(*device, offset, length), pattern(offset, length))
                << offset << " " << length;
    EXPECT_EQ(read_at(*device, mib - 1, 1), pattern(mib - 1, 1));
}

TEST(ClientNegotiation, WhoeverIsNoNbdServerIsBadData)
{
    EXPECT_EQ(refusal([](Script& s) {
                  s.say(Message().put("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
                  s.stall();
              }).code(),
              Errc::bad_data);
    const Error old = refusal([](Script& s) {
        s.say(Message()
                  .put(proto::init_magic)
                  .put(proto::oldstyle_magic)
                  .put(std::string(136, '\0')));
        s.stall();
    });
    EXPECT_EQ(old.code(), Errc::bad_data);
    EXPECT_NE(std::string(old.what()).find("old negotiation"), std::string::npos);
}

TEST(ClientNegotiation, ServersThatHangUpAreUnreachable)
{
    EXPECT_EQ(refusal([](Script&) {}).code(), Errc::unreachable);
    EXPECT_EQ(refusal([](Script& s) { s.say(Message().put(proto::init_magic)); }).code(),
              Errc::unreachable)
        << "in the middle of a message";
    EXPECT_EQ(refusal([](Script& s) { s.greet(); }).code(), Errc::unreachable);
    EXPECT_EQ(refusal([](Script& s) {
                  s.greet(0);
                  s.expect(Opt::export_name);
              }).code(),
              Errc::not_found);
}

TEST(ClientNegotiation, RefusalsSayWhyWithoutTheSession)
{
    const auto refuse_go = [](Rep type) {
        return [type](Script& s) {
            s.greet();
            s.expect(Opt::structured_reply);
            s.reply(Opt::structured_reply, Rep::err_unsup);
            s.expect(Opt::go);
            s.reply(Opt::go, type, Message().put("because\x1b[31m"));
        };
    };
    const Error unknown = refusal(refuse_go(Rep::err_unknown));
    EXPECT_EQ(unknown.code(), Errc::not_found);
    EXPECT_STREQ(unknown.what(), "server: no export \"disk\": \"because\\x1b[31m\"");
    EXPECT_EQ(refusal(refuse_go(Rep::err_policy)).code(), Errc::unreachable);
    const Error tls = refusal(refuse_go(Rep::err_tls_reqd));
    EXPECT_EQ(tls.code(), Errc::unreachable);
    EXPECT_EQ(tls.hint(), "use nbds:// instead of nbd://");
    EXPECT_EQ(refusal(refuse_go(Rep::err_platform)).code(), Errc::failed);
}

/// A server whose answer to NBD_OPT_GO is this.
std::function<void(Script&)> go_script(const std::function<void(Script&)>& answer)
{
    return [answer](Script& s) {
        s.greet();
        s.expect(Opt::structured_reply);
        s.reply(Opt::structured_reply, Rep::err_unsup);
        s.expect(Opt::go);
        answer(s);
        s.stall();
    };
}

TEST(ClientNegotiation, LiesAreBadData)
{
    const std::vector<std::function<void(Script&)>> lies{
        go_script([](Script& s) { s.reply(Opt::go, Rep::info, Script::export_info(1ULL << 63)); }),
        go_script([](Script& s) { s.reply(Opt::go, Rep::info, Script::export_info(UINT64_MAX)); }),
        go_script([](Script& s) { s.reply(Opt::go, Rep::ack); }),
        go_script(
            [](Script& s) { s.reply(Opt::go, Rep::info, Message().put(proto::info_export)); }),
        go_script([](Script& s) { s.reply(Opt::go, Rep::info); }),
        go_script([](Script& s) { s.reply(Opt::go, Rep::server); }),
        go_script([](Script& s) { s.reply(Opt::list, Rep::ack); }),
        go_script([](Script& s) { s.say(Message().put(std::string(20, 'x'))); }),
        go_script([](Script& s) {
            s.say(Message().put(proto::option_reply_magic).put(7U).put(3U).put(0xffffffffU));
        }),
        go_script([](Script& s) {
            s.reply(Opt::go, Rep::info,
                    Message().put(proto::info_block_size).put(3U).put(4096U).put(4096U));
        }),
        go_script([](Script& s) {
            s.reply(
                Opt::go, Rep::info,
                Message().put(proto::info_block_size).put(1U << 20).put(1U << 20).put(1U << 20));
        }),
        go_script([](Script& s) {
            s.reply(Opt::go, Rep::info,
                    Message().put(proto::info_block_size).put(4096U).put(4096U).put(0U));
        }),
        [](Script& s) {
            s.greet();
            s.expect(Opt::structured_reply);
            s.reply(Opt::structured_reply, Rep::ack);
            s.expect(Opt::set_meta_context);
            s.reply(Opt::set_meta_context, Rep::meta_context, Message().put(1U).put("qemu:other"));
            s.stall();
        },
    };
    for (std::size_t i = 0; i < lies.size(); ++i)
        EXPECT_EQ(refusal(lies[i]).code(), Errc::bad_data) << i;
}

TEST(ClientNegotiation, StallsAndEndlessAnswersTimeOut)
{
    const ClientOptions quick{.connect_timeout = 150ms};
    const std::vector<std::function<void(Script&)>> slow{
        [](Script& s) { s.stall(); },
        go_script([](Script& s) {
            for (;;)
                s.reply(Opt::go, Rep::info, Message().put(std::uint16_t{99}));
        }),
        [](Script& s) { // one byte at a time
            for (const char c : {'N', 'B', 'D', 'M', 'A', 'G', 'I', 'C'}) {
                s.say(Message().put(std::string_view(&c, 1)));
                std::this_thread::sleep_for(50ms);
            }
            s.stall();
        },
    };
    for (std::size_t i = 0; i < slow.size(); ++i) {
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(refusal(slow[i], quick).code(), Errc::timeout) << i;
        EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    }
}

/// The server says yes to TLS, and then `next`.
Error tls_refusal(const std::string& next, const ClientOptions& options)
{
    ScriptedServer server([&next](Script& s) {
        s.greet();
        s.expect(Opt::starttls);
        s.reply(Opt::starttls, Rep::ack, {}, next);
        s.stall();
    });
    try {
        server.open(options, "host.example");
    } catch (const Error& error) {
        return error;
    }
    return {Errc::usage, "nothing was thrown"};
}

TEST(ClientNegotiation, TlsHandshakesAreGuarded)
{
    const Error injected = tls_refusal("data for later", {});
    EXPECT_EQ(injected.code(), Errc::bad_data);
    EXPECT_NE(std::string(injected.what()).find("in front of the TLS"), std::string::npos);
    EXPECT_EQ(tls_refusal("", {.connect_timeout = 150ms}).code(), Errc::timeout);
}

TEST(ClientNegotiation, TlsThatIsNoTlsIsUnreachable)
{
    ScriptedServer server([](Script& s) {
        s.greet();
        s.expect(Opt::starttls);
        s.reply(Opt::starttls, Rep::ack);
        std::array<std::byte, 64> hello{};
        s.hear(hello);
        s.say(Message().put("HTTP/1.1 400 Bad Request\r\n\r\n"));
        s.stall();
    });
    EXPECT_EQ(code_of([&] { server.open({}, "host.example"); }), Errc::unreachable);
}

TEST(ClientNegotiation, NobodyThereIsUnreachable)
{
    EXPECT_EQ(code_of([] { connect("nbd://127.0.0.1:1/", {}, {}); }), Errc::unreachable);
    EXPECT_EQ(code_of([] { connect("nbd+unix:///?socket=/no/such/socket", {}, {}); }),
              Errc::not_found);
    EXPECT_EQ(code_of([] { connect("http://localhost/", {}, {}); }), Errc::usage);
}

} // namespace
} // namespace xenlab::nbd::test
