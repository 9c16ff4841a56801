// SPDX-License-Identifier: GPL-3.0-or-later
// Option haggling with clients that are old, unusual or hostile.
#include "raw_client.hpp"

namespace xenlab::nbd::test {
namespace {

constexpr std::uint64_t mib = 1 << 20;

/// Another client is served, whatever happened to the one before.
void expect_alive(const OwnServer& server)
{
    RawClient client(server);
    client.negotiate(true);
    client.request(Cmd::read, 0, 16);
    EXPECT_EQ(client.chunk(), proto::chunk_offset_data);
}

TEST(ServerNegotiation, ExportNameServesOldClients)
{
    OwnServer server({pattern_export(mib, "first"), pattern_export(2 * mib, "second")});
    RawClient client(server);
    client.greet(0); // neither fixed newstyle nor NO_ZEROES
    client.option(Opt::export_name, Message().put("second"));
    const auto answer = client.hear(10 + 124);
    EXPECT_EQ(bytes::be64(answer, 0), 2 * mib);
    const std::uint16_t flags = bytes::be16(answer, 8);
    EXPECT_EQ(flags & (proto::has_flags | proto::read_only | proto::can_multi_conn),
              proto::has_flags | proto::read_only | proto::can_multi_conn);
    client.request(Cmd::read, 1000, 5000);
    EXPECT_EQ(client.simple(), 0U);
    EXPECT_EQ(client.hear(5000), pattern(1000, 5000));
}

TEST(ServerNegotiation, ExportNameOfAnUnknownExportIsHungUpOn)
{
    OwnServer server({pattern_export(mib, "first")});
    RawClient client(server);
    client.greet();
    client.option(Opt::export_name, Message().put("other"));
    EXPECT_TRUE(client.ended());
    expect_alive(server);
    ASSERT_EQ(server.client_errors().size(), 1U);
    EXPECT_EQ(server.client_errors()[0].code(), Errc::not_found);
}

TEST(ServerNegotiation, InfoLeavesTheNegotiationOpen)
{
    OwnServer server({pattern_export(mib)});
    RawClient client(server);
    client.greet();
    Message wanted;
    wanted.put_counted("").put(std::uint16_t{2}).put(proto::info_block_size);
    wanted.put(proto::info_description);
    client.option(Opt::info, wanted);
    EXPECT_EQ(client.reply(), Rep::info);
    EXPECT_EQ(client.reply(), Rep::info);
    ASSERT_EQ(client.data.size(), 14U);
    EXPECT_EQ(bytes::be32(client.data, 2), 1U);
    EXPECT_EQ(client.reply(), Rep::info);
    EXPECT_EQ(text_of(bytes::View(client.data).subspan(2)), "a pattern");
    EXPECT_EQ(client.reply(), Rep::ack);
    client.option(Opt::go, RawClient::go_data("nobody"));
    EXPECT_EQ(client.reply(), Rep::err_unknown);
    client.option(Opt::abort);
    EXPECT_EQ(client.reply(), Rep::ack);
    EXPECT_TRUE(client.ended());
    EXPECT_TRUE(server.client_errors().empty());
}

TEST(ServerNegotiation, MetaContextsFollowTheirRules)
{
    OwnServer server({pattern_export(mib, "a"), pattern_export(mib, "b")});
    RawClient client(server);
    client.greet();
    const auto query = [](std::string_view name, std::string_view what) {
        Message message;
        message.put_counted(name).put(1U).put_counted(what);
        return message;
    };
    client.option(Opt::set_meta_context, query("a", "base:allocation"));
    EXPECT_EQ(client.reply(), Rep::err_invalid) << "structured replies come first";
    client.option(Opt::structured_reply);
    EXPECT_EQ(client.reply(), Rep::ack);
    client.option(Opt::list_meta_context, query("a", "base:"));
    EXPECT_EQ(client.reply(), Rep::meta_context);
    EXPECT_EQ(client.reply(), Rep::ack);
    client.option(Opt::set_meta_context, query("a", "qemu:dirty-bitmap:x"));
    EXPECT_EQ(client.reply(), Rep::ack) << "unknown name spaces select nothing";
    client.option(Opt::set_meta_context, query("c", "base:allocation"));
    EXPECT_EQ(client.reply(), Rep::err_unknown);
    client.option(Opt::set_meta_context, query("a", "base:allocation"));
    EXPECT_EQ(client.reply(), Rep::meta_context);
    EXPECT_EQ(client.reply(), Rep::ack);
    client.option(Opt::go, RawClient::go_data("b")); // for which it was not selected
    EXPECT_EQ(client.reply(), Rep::info);
    EXPECT_EQ(client.reply(), Rep::ack);
    client.request(Cmd::block_status, 0, 4096);
    EXPECT_EQ(client.chunk_error(), proto::einval);
}

TEST(ServerNegotiation, OptionsThatDoNotFitTheirLengthAreInvalid)
{
    OwnServer server({pattern_export(mib)});
    RawClient client(server);
    client.greet();
    client.option(Opt::structured_reply);
    EXPECT_EQ(client.reply(), Rep::ack);
    client.option(Opt::go, Message().put(100U).put("short"));
    EXPECT_EQ(client.reply(), Rep::err_invalid);
    client.option(Opt::go);
    EXPECT_EQ(client.reply(), Rep::err_invalid);
    client.option(Opt::go, Message().put(0U).put(std::uint16_t{3}).put(std::uint16_t{0}));
    EXPECT_EQ(client.reply(), Rep::err_invalid) << "fewer information requests than it says";
    client.option(Opt::go, Message().put(0U).put(std::uint16_t{0}).put("rest"));
    EXPECT_EQ(client.reply(), Rep::err_invalid);
    client.option(Opt::set_meta_context, Message().put(0U).put(0xffffffffU));
    EXPECT_EQ(client.reply(), Rep::err_invalid) << "four billion queries";
    client.option(Opt::list, Message().put("data"));
    EXPECT_EQ(client.reply(), Rep::err_invalid);
    client.option(77, Message().put("data"));
    EXPECT_EQ(client.reply(), Rep::err_unsup);
    client.option(Opt::starttls);
    EXPECT_EQ(client.reply(), Rep::err_unsup);
    client.option(Opt::go, Message().put(std::string(100'000, 'x')));
    EXPECT_EQ(client.reply(), Rep::err_too_big);
    client.option(Opt::go, RawClient::go_data());
    EXPECT_EQ(client.reply(), Rep::info) << "and still goes on";
}

TEST(ServerNegotiation, AHugeOptionIsCutOff)
{
    OwnServer server({pattern_export(mib)});
    RawClient client(server);
    client.greet();
    client.say(Message().put(proto::option_magic).put(7U).put(0xffffffffU));
    EXPECT_TRUE(client.ended());
    expect_alive(server);
}

TEST(ServerNegotiation, GarbageIsCutOff)
{
    OwnServer server({pattern_export(mib)});
    {
        RawClient client(server);
        client.hear(18);
        client.say(Message().put("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        EXPECT_TRUE(client.ended());
    }
    {
        RawClient client(server);
        client.greet();
        client.say(Message().put("0123456789abcdef"));
        EXPECT_TRUE(client.ended());
    }
    expect_alive(server);
    ASSERT_EQ(server.client_errors().size(), 2U);
    EXPECT_EQ(server.client_errors()[0].code(), Errc::bad_data);
}

TEST(ServerNegotiation, AHandshakeWithoutEndIsCutOff)
{
    OwnServer server({pattern_export(mib)}, {.handshake_timeout = std::chrono::milliseconds(500)});
    RawClient silent(server);
    RawClient busy(server);
    busy.greet();
    silent.hear(18);
    EXPECT_TRUE(silent.ended());
    try {
        for (;;) {
            busy.option(Opt::list);
            while (busy.reply() != Rep::ack) {
            }
        }
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::unreachable);
    }
    expect_alive(server);
}

TEST(ServerNegotiation, AnExportThatCannotBeOpenedIsRefusedWithTheReason)
{
    OwnServer server(
        {{.name = "gone", .description = "", .open = []() -> std::unique_ptr<block::BlockDevice> {
              throw Error(Errc::not_found, "no such disk");
          }}});
    RawClient client(server);
    client.greet();
    client.option(Opt::go, RawClient::go_data("gone"));
    EXPECT_EQ(client.reply(), Rep::err_unknown);
    EXPECT_EQ(text_of(client.data), "no such disk");
    ASSERT_EQ(server.device_errors().size(), 1U);
}

TEST(ServerNegotiation, OneClientTooManyIsTurnedAway)
{
    OwnServer server({pattern_export(mib)}, {.max_connections = 2});
    {
        RawClient first(server);
        RawClient second(server);
        first.negotiate(true);
        second.negotiate(true);
        RawClient third(server);
        EXPECT_TRUE(third.ended());
    }
    for (int tries = 0; tries < 100; ++tries) { // until the server has noticed that they left
        RawClient again(server);
        try {
            again.negotiate(true);
            return;
        } catch (const Error&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    FAIL() << "the places were not given free";
}

} // namespace
} // namespace xenlab::nbd::test
