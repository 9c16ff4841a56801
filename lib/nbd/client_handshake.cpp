// SPDX-License-Identifier: GPL-3.0-or-later
#include "client_handshake.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/nbd/uri.hpp>

#include <fmt/format.h>

#include <bit>

namespace xenlab::nbd {

using proto::Opt;
using proto::Rep;

namespace {

constexpr std::uint32_t max_reply = 64U << 10; ///< strings have at most 4096 bytes

} // namespace

ClientHandshake::ClientHandshake(std::unique_ptr<transport::Channel>& channel, Input& input,
                                 const Wanted& wanted, TimePoint deadline)
    : channel_(channel), input_(input), wanted_(wanted), deadline_(deadline)
{
}

Error ClientHandshake::bad(std::string_view what) const
{
    return {Errc::bad_data, fmt::format("{}: {}", channel_->peer(), what)};
}

Negotiated ClientHandshake::run()
{
    greet();
    if (!wanted_.tls_host.empty())
        start_tls();
    if (fixed_) {
        ask_structured();
        ask_allocation();
    }
    if (!fixed_ || !go())
        export_name();
    return result_;
}

void ClientHandshake::greet()
{
    std::array<std::byte, 16> magic{};
    input_.read(magic, deadline_, "greeting");
    if (bytes::be64(magic, 0) != proto::init_magic)
        throw bad("not an NBD server");
    if (bytes::be64(magic, 8) == proto::oldstyle_magic)
        throw bad("the server knows only the old negotiation, which has no export names");
    if (bytes::be64(magic, 8) != proto::option_magic)
        throw bad("not an NBD server");
    std::array<std::byte, 2> flags{};
    input_.read(flags, deadline_, "greeting");
    const std::uint16_t theirs = bytes::be16(flags, 0);
    fixed_ = (theirs & proto::fixed_newstyle) != 0;
    zeroes_ = (theirs & proto::no_zeroes) == 0;
    const std::uint32_t ours = theirs & std::uint32_t{proto::fixed_newstyle | proto::no_zeroes};
    channel_->write(Message().put(ours).view(), {}, deadline_);
}

void ClientHandshake::send_option(Opt option, const Message& data)
{
    Message head;
    head.put(proto::option_magic).put(static_cast<std::uint32_t>(option));
    head.put(static_cast<std::uint32_t>(data.view().size()));
    channel_->write(head.view(), data.view(), deadline_);
}

ClientHandshake::Reply ClientHandshake::read_reply(Opt option)
{
    std::array<std::byte, 20> head{};
    input_.read(head, deadline_, "option reply");
    if (bytes::be64(head, 0) != proto::option_reply_magic)
        throw bad("not a reply to an option");
    if (bytes::be32(head, 8) != static_cast<std::uint32_t>(option))
        throw bad("a reply to an option that was not sent");
    const std::uint32_t length = bytes::be32(head, 16);
    if (length > max_reply)
        throw bad(fmt::format("an option reply of {} bytes", length));
    Reply reply{.type = bytes::be32(head, 12), .data = std::vector<std::byte>(length)};
    input_.read(reply.data, deadline_, "option reply");
    return reply;
}

/// For options that are answered once, by an acknowledgement or an error.
ClientHandshake::Reply ClientHandshake::simple_option(Opt option)
{
    send_option(option);
    Reply reply = read_reply(option);
    if (!reply.is(Rep::ack) && !reply.is_error())
        throw bad(fmt::format("reply type {} to option {}", reply.type,
                              static_cast<std::uint32_t>(option)));
    return reply;
}

/// What an error that ends the negotiation means for the user.
Error ClientHandshake::refusal(const Reply& reply) const
{
    std::string words =
        reply.data.empty() ? std::string() : ": " + text::quoted(text_of(reply.data));
    if (reply.is(Rep::err_tls_reqd))
        return {Errc::unreachable, fmt::format("{}: the server demands TLS", channel_->peer()),
                "use nbds:// instead of nbd://"};
    if (reply.is(Rep::err_unknown))
        return {Errc::not_found, fmt::format("{}: no export {}{}", channel_->peer(),
                                             shown_export(wanted_.export_name), words)};
    if (reply.is(Rep::err_policy) || reply.is(Rep::err_shutdown))
        return {Errc::unreachable,
                fmt::format("{}: the server refuses{}", channel_->peer(), words)};
    return {Errc::failed, fmt::format("{}: the server refuses with error {}{}", channel_->peer(),
                                      reply.type & ~proto::rep_error_bit, words)};
}

void ClientHandshake::start_tls()
{
    const bool offered = fixed_ && simple_option(Opt::starttls).is(Rep::ack);
    if (!offered)
        throw Error(Errc::unreachable,
                    fmt::format("{}: the server offers no TLS", channel_->peer()));
    if (input_.ahead()) // would be taken for something said under TLS
        throw bad("data in front of the TLS handshake");
    channel_ = transport::start_tls(std::move(channel_), wanted_.tls_host, wanted_.tls, deadline_);
    input_.move_to(*channel_);
}

void ClientHandshake::ask_structured()
{
    const Reply reply = simple_option(Opt::structured_reply);
    if (reply.is(Rep::err_tls_reqd))
        throw refusal(reply);
    result_.structured = reply.is(Rep::ack);
}

/// "NBD_OPT_SET_META_CONTEXT"; a server that refuses just has no extents for us.
void ClientHandshake::ask_allocation()
{
    if (!result_.structured)
        return;
    Message query;
    query.put_counted(wanted_.export_name).put(1U).put_counted(proto::base_allocation);
    send_option(Opt::set_meta_context, query);
    for (;;) {
        const Reply reply = read_reply(Opt::set_meta_context);
        if (reply.is_error()) // takes back what came before it
            result_.allocation_id.reset();
        if (reply.is_error() || reply.is(Rep::ack))
            return;
        if (!reply.is(Rep::meta_context) || reply.data.size() < 4 || result_.allocation_id ||
            text_of(bytes::View(reply.data).subspan(4)) != proto::base_allocation)
            throw bad("a metadata context that was not asked for");
        result_.allocation_id = bytes::be32(reply.data, 0);
    }
}

void ClientHandshake::check_size(std::uint64_t size)
{
    if (size > proto::max_size)
        throw bad(fmt::format("an export of {} bytes, which no disk has", size));
    result_.size = size;
}

/// One NBD_REP_INFO: a type and what it says.
void ClientHandshake::take_info(bytes::View info)
{
    const std::uint16_t type = info.size() >= 2 ? bytes::be16(info, 0) : std::uint16_t{0xffff};
    if (type == proto::info_export && info.size() == 12) {
        check_size(bytes::be64(info, 2));
    } else if (type == proto::info_block_size && info.size() == 14) {
        const std::uint32_t min = bytes::be32(info, 2);
        const std::uint32_t max = bytes::be32(info, 10);
        if (!std::has_single_bit(min) || min > 65536 || max < min)
            throw bad(fmt::format("impossible block sizes: minimum {}, maximum {}", min, max));
        result_.min_block = min;
        result_.max_block = std::min(max, proto::max_payload);
    } else if (type == proto::info_export || type == proto::info_block_size || info.size() < 2) {
        throw bad("information of the wrong length");
    } // the rest was not asked for and does no harm
}

/// False when the server does not know NBD_OPT_GO.
bool ClientHandshake::go()
{
    Message request;
    request.put_counted(wanted_.export_name).put(std::uint16_t{1}).put(proto::info_block_size);
    send_option(Opt::go, request);
    bool has_export = false;
    for (;;) {
        const Reply reply = read_reply(Opt::go);
        if (reply.is(Rep::err_unsup))
            return false;
        if (reply.is_error())
            throw refusal(reply);
        if (reply.is(Rep::ack)) {
            if (!has_export)
                throw bad("the server did not say how large the export is");
            return true;
        }
        if (!reply.is(Rep::info))
            throw bad(fmt::format("reply type {} to NBD_OPT_GO", reply.type));
        take_info(reply.data);
        has_export |= bytes::be16(reply.data, 0) == proto::info_export;
    }
}

/// "NBD_OPT_EXPORT_NAME" has no error reply: the server hangs up.
void ClientHandshake::export_name()
{
    send_option(Opt::export_name, Message().put(wanted_.export_name));
    std::array<std::byte, 10> answer{};
    if (!input_.read_or_end(answer, deadline_, "export"))
        throw Error(Errc::not_found,
                    fmt::format("{}: no export {}, or not for us: the server hung up",
                                channel_->peer(), shown_export(wanted_.export_name)));
    check_size(bytes::be64(answer, 0));
    if (zeroes_)
        input_.skip(124, deadline_, "export");
}

} // namespace xenlab::nbd
