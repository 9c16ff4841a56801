// SPDX-License-Identifier: GPL-3.0-or-later
// The options by which a client chooses an export and what it wants to know about it.
#include "server_handshake.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xenlab::nbd {

using proto::Opt;
using proto::Rep;

namespace {

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
