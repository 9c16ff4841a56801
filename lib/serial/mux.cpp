// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/serial/mux.hpp>

#include <algorithm>
#include <utility>

namespace xenlab::serial {
namespace {

constexpr std::size_t queue_limit = 32 * 1024; // of a stream, before its producer has to wait
constexpr std::size_t grant_step = 16 * 1024;
constexpr std::size_t join_limit = 8 * 1024; // small writes of a program become one frame

} // namespace

std::optional<std::uint8_t> Mux::open(Op op, View body, bool interactive)
{
    for (unsigned tries = 0; tries < 255; ++tries) {
        last_opened_ =
            last_opened_ == 255 ? std::uint8_t{1} : static_cast<std::uint8_t>(last_opened_ + 1);
        if (channels_.contains(last_opened_))
            continue;
        channels_[last_opened_].interactive = interactive;
        send(last_opened_, op, body);
        update_interactive();
        return last_opened_;
    }
    return std::nullopt;
}

void Mux::set_interactive(std::uint8_t chan)
{
    const auto found = channels_.find(chan);
    if (found == channels_.end())
        return;
    found->second.interactive = true;
    update_interactive();
}

void Mux::update_interactive()
{
    if (link_ != nullptr)
        link_->set_interactive(std::ranges::any_of(
            channels_, [](const auto& entry) { return entry.second.interactive; }));
}

void Mux::send(std::uint8_t chan, Op op, View body)
{
    const auto found = channels_.find(chan);
    if (found == channels_.end() || found->second.closing)
        return;
    Channel& channel = found->second;
    channel.queued += body.size();
    if (serial::is_stream(op)) {
        if (body.empty())
            return;
        if (!channel.queue.empty() && channel.queue.back().op == op &&
            channel.queue.back().body.size() < join_limit) {
            Buffer& last = channel.queue.back().body;
            last.insert(last.end(), body.begin(), body.end());
            return;
        }
    }
    channel.queue.push_back({op, Buffer(body.begin(), body.end()), 0});
}

std::size_t Mux::room(std::uint8_t chan) const
{
    const auto found = channels_.find(chan);
    if (found == channels_.end() || found->second.closing || found->second.queued >= queue_limit)
        return 0;
    return queue_limit - found->second.queued;
}

void Mux::consumed(std::uint8_t chan, std::size_t bytes)
{
    const auto found = channels_.find(chan);
    if (found != channels_.end())
        found->second.to_grant += bytes;
}

void Mux::close(std::uint8_t chan)
{
    const auto found = channels_.find(chan);
    if (found != channels_.end())
        found->second.closing = true;
}

bool Mux::is_open(std::uint8_t chan) const
{
    const auto found = channels_.find(chan);
    return found != channels_.end() && !found->second.closing;
}

void Mux::clear()
{
    channels_.clear();
    update_interactive();
}

void Mux::forget_if_done(std::uint8_t chan)
{
    const auto found = channels_.find(chan);
    if (found == channels_.end() || !found->second.close_sent || !found->second.close_received)
        return;
    channels_.erase(found);
    update_interactive();
}

// ---- from the peer

void Mux::on_session(bool fresh, const Greeting& peer)
{
    if (fresh)
        clear();
    if (fresh)
        channels_[0]; // for AUTH
    owner_.on_session(fresh, peer);
}

void Mux::on_lost()
{
    clear();
    owner_.on_lost();
}

void Mux::on_noise(View text)
{
    owner_.on_noise(text);
}

bool Mux::accept(std::uint8_t chan, Channel& channel, Op op, bool continued, View body)
{
    if (body.size() + 1 > channel.may_come)
        return false;
    channel.may_come -= body.size() + 1;
    if (serial::is_stream(op)) {
        if (continued || channel.in_partial)
            return false;
        channel.to_grant += 1;
        owner_.on_message(chan, op, body);
        return true;
    }
    channel.to_grant += body.size() + 1;
    if (channel.in_partial && channel.partial_op != op)
        return false;
    const auto hand_over = [&](View whole) {
        if (side_ == Side::agent && serial::is_open(op))
            owner_.on_open(chan, op, whole);
        else
            owner_.on_message(chan, op, whole);
    };
    if (!continued && !channel.in_partial) {
        hand_over(body);
        return true;
    }
    if (channel.partial.size() + body.size() > max_message)
        return false;
    channel.partial.insert(channel.partial.end(), body.begin(), body.end());
    channel.partial_op = op;
    channel.in_partial = continued;
    if (!continued) {
        const Buffer whole = std::exchange(channel.partial, {});
        hand_over(whole);
    }
    return true;
}

bool Mux::on_message(std::uint8_t chan, View payload)
{
    if (payload.empty())
        return false;
    const unsigned first = bytes::u8(payload, 0);
    const auto op = static_cast<Op>(first & ~unsigned{continued_bit});
    const bool continued = (first & continued_bit) != 0;
    const View body = payload.subspan(1);
    auto found = channels_.find(chan);
    if (found == channels_.end()) {
        if (side_ == Side::host || chan == 0 || !serial::is_open(op))
            return true; // late, for a channel that has been closed
        found = channels_.try_emplace(chan).first;
    }
    Channel& channel = found->second;
    if (op == Op::credit) {
        if (body.size() != 4)
            return false;
        channel.may_send += bytes::le32(body, 0);
        return channel.may_send <= channel_credit;
    }
    if (op == Op::close) {
        if (chan == 0 || channel.close_received)
            return false;
        channel.close_received = true;
        channel.closing = true;
        channel.queue.clear();
        channel.queued = 0;
        owner_.on_close(chan);
        forget_if_done(chan);
        return true;
    }
    if (channel.close_received)
        return false;
    return accept(chan, channel, op, continued, body);
}

// ---- to the peer

bool Mux::ready(const Channel& channel)
{
    if (channel.to_grant >= grant_step && !channel.close_received)
        return true;
    if (!channel.queue.empty())
        return channel.may_send >= 512 ||
               channel.may_send > channel.queue.front().body.size() - channel.queue.front().sent;
    return channel.closing && !channel.close_sent;
}

bool Mux::more() const
{
    return std::ranges::any_of(channels_, [](const auto& entry) { return ready(entry.second); });
}

bool Mux::waiting() const
{
    return std::ranges::any_of(channels_, [](const auto& entry) {
        return entry.first != 0 || !entry.second.queue.empty();
    });
}

void Mux::take(Channel& channel, std::size_t most, Buffer& payload)
{
    const auto op_byte = [](Op op, bool more) {
        return static_cast<std::byte>(static_cast<unsigned>(op) |
                                      (more ? unsigned{continued_bit} : 0U));
    };
    payload.clear();
    if (channel.to_grant >= grant_step && !channel.close_received) {
        payload.resize(5);
        payload[0] = op_byte(Op::credit, false);
        bytes::store_le(std::span(payload), 1, static_cast<std::uint32_t>(channel.to_grant));
        channel.may_come += std::exchange(channel.to_grant, 0);
        return;
    }
    if (channel.queue.empty()) {
        payload.push_back(op_byte(Op::close, false));
        channel.close_sent = true;
        return;
    }
    Item& item = channel.queue.front();
    const std::size_t left = item.body.size() - item.sent;
    const std::size_t size = std::min({left, most - 1, channel.may_send - 1});
    payload.reserve(size + 1);
    payload.push_back(op_byte(item.op, size < left && !serial::is_stream(item.op)));
    const auto from = item.body.begin() + static_cast<std::ptrdiff_t>(item.sent);
    payload.insert(payload.end(), from, from + static_cast<std::ptrdiff_t>(size));
    item.sent += size;
    channel.may_send -= size + 1;
    channel.queued -= size;
    if (size == left)
        channel.queue.pop_front();
}

bool Mux::next_payload(std::size_t most, std::uint8_t& chan, Buffer& payload)
{
    // Those that a person types into come first; within a class everyone has a turn.
    for (const bool interactive : {true, false}) {
        auto start = channels_.upper_bound(turn_);
        for (std::size_t i = 0; i < channels_.size(); ++i, ++start) {
            if (start == channels_.end())
                start = channels_.begin();
            if (start->second.interactive != interactive || !ready(start->second))
                continue;
            chan = start->first;
            turn_ = interactive ? turn_ : chan;
            take(start->second, most, payload);
            forget_if_done(chan);
            return true;
        }
    }
    return false;
}

} // namespace xenlab::serial
