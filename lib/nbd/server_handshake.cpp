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
constexpr std::uint16_t transmission_flags = proto::has_flags | proto::read_only | proto::send_df |
                                             proto::can_multi_conn | proto::send_cache;

/// The data of an option, read front to back; false or nothing when it is shorter than it says.
class Fields {
  public:
    explicit Fields(bytes::View data) : data_(data) {}

    template <std::unsigned_integral T>
    std::optional<T> number()
    {
        if (data_.size() < sizeof(T))
            return std::nullopt;
        const T value = bytes::load_be<T>(data_, 0);
        data_ = data_.subspan(sizeof(T));
        return value;
    }
    std::optional<std::string_view> counted_text()
    {
        const auto length = number<std::uint32_t>();
        if (!length || *length > data_.size() || *length > proto::max_string)
            return std::nullopt;
        const auto text = text_of(data_.first(*length));
        data_ = data_.subspan(*length);
        return text;
    }
    [[nodiscard]] bool empty() const noexcept { return data_.empty(); }

  private:
    bytes::View data_;
};

} // namespace

struct ServerHandshake::Option {
    std::uint32_t type = 0;
    std::uint32_t length = 0;
    std::vector<std::byte> data; ///< empty when it was too long

    [[nodiscard]] bool is(Opt which) const noexcept
    {
        return type == static_cast<std::uint32_t>(which);
    }
};

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

/// "NBD_OPT_EXPORT_NAME": the data is the name; the only way to say no is to hang up.
ServerHandshake::Next ServerHandshake::handle_export_name(const Option& option)
{
    const auto name = text_of(option.data);
    const Export* wanted = option.length <= proto::max_string ? find(name) : nullptr;
    std::string problem = "no such export";
    if (wanted == nullptr || !open(*wanted, problem))
        throw Error(Errc::not_found,
                    fmt::format("{}: export {}: {}", channel_.peer(), text::quoted(name), problem));
    Message answer;
    answer.put(agreement_.device->size()).put(transmission_flags);
    if (zeroes_)
        answer.put(std::string(124, '\0'));
    send(answer);
    agreement_.allocation = agreement_.structured && metadata_ == wanted;
    return Next::transmit;
}

/// "NBD_OPT_INFO" and "NBD_OPT_GO": export name, number of information requests, the requests.
ServerHandshake::Next ServerHandshake::handle_go(const Option& option)
{
    Fields fields(option.data);
    const auto name = fields.counted_text();
    const auto count = name ? fields.number<std::uint16_t>() : std::nullopt;
    bool block_size = false;
    bool description = false;
    bool valid = count.has_value();
    for (unsigned i = 0; valid && i < *count; ++i) {
        const auto wanted = fields.number<std::uint16_t>();
        valid = wanted.has_value();
        block_size |= wanted == proto::info_block_size;
        description |= wanted == proto::info_description;
    }
    if (!valid || !fields.empty()) {
        refuse(option, Rep::err_invalid, "the option's data does not fit its length");
        return Next::go_on;
    }
    const Export* wanted = find(*name);
    std::string problem = "no such export";
    if (wanted == nullptr || !open(*wanted, problem)) {
        refuse(option, Rep::err_unknown, problem);
        return Next::go_on;
    }
    reply(option, Rep::info,
          Message().put(proto::info_export).put(agreement_.device->size()).put(transmission_flags));
    if (block_size) // minimum, preferred, maximum
        reply(option, Rep::info,
              Message().put(proto::info_block_size).put(1U).put(4096U).put(proto::max_payload));
    if (description && !wanted->description.empty())
        reply(option, Rep::info, Message().put(proto::info_description).put(wanted->description));
    reply(option, Rep::ack);
    agreement_.allocation = agreement_.structured && metadata_ == wanted;
    return option.is(Opt::go) ? Next::transmit : Next::go_on;
}

/// "NBD_OPT_LIST_META_CONTEXT" and "NBD_OPT_SET_META_CONTEXT": export name, number of queries, the
/// queries.
void ServerHandshake::meta_context(const Option& option)
{
    const bool set = option.is(Opt::set_meta_context);
    if (set)
        metadata_ = nullptr; // even if this fails
    Fields fields(option.data);
    const auto name = fields.counted_text();
    const auto count = name ? fields.number<std::uint32_t>() : std::nullopt;
    bool valid = count.has_value() && agreement_.structured;
    bool matches = count == 0U && !set;
    for (std::uint32_t i = 0; valid && i < *count; ++i) {
        const auto query = fields.counted_text();
        valid = query.has_value();
        matches |= query == proto::base_allocation || (!set && query == "base:");
    }
    if (!valid || !fields.empty()) {
        refuse(option, Rep::err_invalid,
               agreement_.structured ? "the option's data does not fit its length"
                                     : "structured replies come first");
        return;
    }
    const Export* wanted = find(*name);
    if (wanted == nullptr) {
        refuse(option, Rep::err_unknown, "no such export");
        return;
    }
    if (matches) {
        reply(option, Rep::meta_context,
              Message().put(set ? allocation_id : 0U).put(proto::base_allocation));
        metadata_ = set ? wanted : metadata_;
    }
    reply(option, Rep::ack);
}

} // namespace xenlab::nbd
