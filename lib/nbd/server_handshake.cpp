// SPDX-License-Identifier: GPL-3.0-or-later
#include "server_handshake.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::nbd {

using proto::Opt;
using proto::Rep;

namespace {

constexpr std::uint32_t max_option = 64U << 10; ///< looked at
constexpr std::uint32_t max_skipped = 1U
                                      << 20; ///< refused politely; beyond it the client is cut off

} // namespace

ServerHandshake::ServerHandshake(transport::Channel& channel, Input& input,
                                 const std::vector<Export>& exports, const ServerOptions& options)
    : channel_(channel), input_(input), exports_(exports), options_(options),
      deadline_(transport::deadline_in(options.handshake_timeout))
{
}

void ServerHandshake::send(const Message& message)
{
    channel_.write(message.view(), {}, deadline_);
}

void ServerHandshake::reply(const Option& option, Rep type, const Message& data)
{
    Message head;
    head.put(proto::option_reply_magic).put(option.type).put(static_cast<std::uint32_t>(type));
    head.put(static_cast<std::uint32_t>(data.view().size()));
    channel_.write(head.view(), data.view(), deadline_);
}

void ServerHandshake::refuse(const Option& option, Rep type, std::string_view why)
{
    reply(option, type, Message().put(why.substr(0, proto::max_string)));
}

void ServerHandshake::greet()
{
    constexpr std::uint16_t ours = proto::fixed_newstyle | proto::no_zeroes;
    send(Message().put(proto::init_magic).put(proto::option_magic).put(ours));
    std::array<std::byte, 4> flags{};
    input_.read(flags, deadline_, "client flags");
    const std::uint32_t theirs = bytes::be32(flags, 0);
    if ((theirs & ~std::uint32_t{ours}) != 0)
        throw Error(Errc::bad_data,
                    fmt::format("{}: unknown client flags {:#x}", channel_.peer(), theirs));
    zeroes_ = (theirs & proto::no_zeroes) == 0;
}

std::optional<ServerHandshake::Option> ServerHandshake::next_option()
{
    std::array<std::byte, 16> head{};
    if (!input_.read_or_end(head, deadline_, "option"))
        return std::nullopt;
    if (bytes::be64(head, 0) != proto::option_magic)
        throw Error(Errc::bad_data, fmt::format("{}: not an NBD option", channel_.peer()));
    Option option{.type = bytes::be32(head, 8), .length = bytes::be32(head, 12), .data = {}};
    if (option.length > max_skipped)
        throw Error(Errc::bad_data,
                    fmt::format("{}: an option of {} bytes", channel_.peer(), option.length));
    if (option.length > max_option) {
        input_.skip(option.length, deadline_, "option");
    } else {
        option.data.resize(option.length);
        input_.read(option.data, deadline_, "option");
    }
    return option;
}

std::optional<Agreement> ServerHandshake::run()
{
    greet();
    while (const auto option = next_option()) {
        switch (handle(*option)) {
        case Next::go_on:
            break;
        case Next::transmit:
            return std::move(agreement_);
        case Next::leave:
            return std::nullopt;
        }
    }
    return std::nullopt;
}

ServerHandshake::Next ServerHandshake::handle(const Option& option)
{
    if (option.is(Opt::export_name)) // the one option that knows no refusal
        return handle_export_name(option);
    if (option.length > max_option) {
        refuse(option, Rep::err_too_big, "the option is too long");
        return Next::go_on;
    }
    if (option.is(Opt::go) || option.is(Opt::info))
        return handle_go(option);
    return handle_other(option);
}

ServerHandshake::Next ServerHandshake::handle_other(const Option& option)
{
    if (option.is(Opt::list_meta_context) || option.is(Opt::set_meta_context)) {
        meta_context(option);
        return Next::go_on;
    }
    const bool known =
        option.is(Opt::abort) || option.is(Opt::list) || option.is(Opt::structured_reply);
    if (!known) {
        refuse(option, Rep::err_unsup, "this server does not know that option");
    } else if (option.is(Opt::abort)) {
        reply(option, Rep::ack);
        return Next::leave;
    } else if (option.length != 0) {
        refuse(option, Rep::err_invalid, "this option takes no data");
    } else if (option.is(Opt::list)) {
        list(option);
    } else {
        agreement_.structured = true;
        reply(option, Rep::ack);
    }
    return Next::go_on;
}

void ServerHandshake::list(const Option& option)
{
    for (const Export& one : exports_)
        reply(option, Rep::server, Message().put_counted(one.name).put(one.description));
    reply(option, Rep::ack);
}

const Export* ServerHandshake::find(std::string_view name) const
{
    const auto found = std::ranges::find(exports_, name, &Export::name);
    if (found != exports_.end())
        return &*found;
    return name.empty() && !exports_.empty() ? &exports_.front() : nullptr;
}

/// Sees to it that agreement_ holds the device of that export, or says why not.
bool ServerHandshake::open(const Export& wanted, std::string& problem)
{
    if (opened_ == &wanted)
        return true;
    opened_ = nullptr;
    try {
        agreement_.device = wanted.open();
        opened_ = &wanted;
        return true;
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            throw;
        if (options_.device_failed)
            options_.device_failed(error);
        problem = error.what();
        return false;
    }
}

} // namespace xenlab::nbd
