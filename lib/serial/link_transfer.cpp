// SPDX-License-Identifier: GPL-3.0-or-later
// Selective repeat: the line keeps the order of what it does not lose, so a frame whose last
// transmission is older than the newest one received, and that is not reported as stored, is lost.
#include "link_constants.hpp"

#include <algorithm>
#include <utility>

namespace xenlab::serial {

// ---- receiving

bool Link::gap() const
{
    return !received_.empty();
}

void Link::on_data(const Frame& frame, Millis now)
{
    if (apn_ == 0 || before(apn_, frame.pn))
        apn_ = frame.pn;
    if (frame.payload.size() > interactive_payload)
        bulk_heard_ = now;
    const auto place = static_cast<std::uint16_t>(frame.seq - expected_);
    if (place >= max_frames) { // had already, or nonsense: the sender should know where we are
        ++stats_.duplicates;
        ack_now_ = true;
    } else {
        if (received_.size() <= place)
            received_.resize(place + std::size_t{1});
        if (received_[place])
            ++stats_.duplicates;
        else
            received_[place] =
                Stored{frame.chan, Buffer(frame.payload.begin(), frame.payload.end())};
        deliver();
        if (++unacked_ >= frames_per_ack || frame.ack_now || gap())
            ack_now_ = true;
        if (ack_at_ == never)
            ack_at_ = now + ack_delay;
    }
    // A data frame says how far the peer is, but not what it stores beyond that.
    Frame position = frame;
    position.type = FrameType::ack;
    position.payload = {};
    on_ack(position, now);
}

void Link::deliver()
{
    while (!broken_ && !received_.empty() && received_.front()) {
        const Stored item = std::move(*received_.front());
        received_.pop_front();
        ++expected_;
        if (!owner_.on_message(item.chan, item.payload))
            broken_ = true;
    }
}

void Link::on_ack(const Frame& frame, Millis now)
{
    const auto base = static_cast<std::uint16_t>(next_seq_ - sent_.size());
    const auto acknowledged = static_cast<std::uint16_t>(frame.ack - base);
    if (acknowledged > sent_.size())
        return; // of the past, or of frames that were never sent
    std::size_t bytes_done = 0;
    for (std::size_t i = 0; i < acknowledged; ++i) {
        if (i + 1 == acknowledged)
            measure(sent_.front(), now);
        bytes_done += sent_.front().payload.size() + frame_overhead;
        sent_.pop_front();
    }
    if (frame.payload.size() >= 4) {
        const std::uint32_t map = bytes::le32(frame.payload, 0);
        for (std::size_t i = 1; i < sent_.size() && i <= max_frames; ++i)
            if ((map >> (i - 1) & 1U) != 0 && !std::exchange(sent_[i].stored, true))
                bytes_done += sent_[i].payload.size() + frame_overhead;
        for (Sent& one : sent_)
            if (!one.stored && frame.apn != 0 && before(one.pn, frame.apn))
                one.lost = true;
    }
    if (bytes_done == 0)
        return;
    measure_rate(bytes_done, now);
    backoff_ = 1;
    arm(now);
}

void Link::send_ack(Buffer& out, Millis now)
{
    std::uint32_t map = 0;
    for (std::size_t i = 1; i < received_.size(); ++i)
        if (received_[i])
            map |= std::uint32_t{1} << (i - 1);
    std::array<std::byte, 4> payload{};
    bytes::store_le(std::span(payload), 0, map);
    Frame frame = stamped(FrameType::ack);
    frame.payload = payload;
    append_frame(out, frame);
    unacked_ = 0;
    ack_now_ = false;
    ack_at_ = never;
    said_ = now;
}

// ---- sending

std::size_t Link::payload_limit() const noexcept
{
    return interactive_ ? std::min(mtu_, interactive_payload) : mtu_;
}

void Link::set_interactive(bool on)
{
    if (on && !interactive_)
        min_rtt_ = never; // it was taken with long frames
    interactive_ = on;
}

std::size_t Link::in_flight() const
{
    std::size_t total = 0;
    for (const Sent& one : sent_)
        total += one.stored ? 0 : one.payload.size() + frame_overhead;
    return total;
}

bool Link::window_open(std::size_t payload) const
{
    if (sent_.size() >= max_frames)
        return false;
    std::size_t limit = window_;
    if (interactive_) {
        const double reach =
            min_rtt_ == never ? 0 : rate_ * static_cast<double>(min_rtt_ + interactive_queue);
        limit = std::min(limit, std::max(interactive_floor, static_cast<std::size_t>(reach)));
    }
    return sent_.empty() || in_flight() + payload + frame_overhead <= limit;
}

void Link::measure(const Sent& sent, Millis now)
{
    // Frames from before a person came still wait in a long queue; they tell nothing now.
    if (!sent.resent && (!interactive_ || sent.interactive))
        min_rtt_ = std::min(min_rtt_, now - sent.at);
}

void Link::measure_rate(std::size_t acked, Millis now)
{
    rate_bytes_ += acked;
    if (rate_since_ == never || sent_.empty()) {
        rate_since_ = sent_.empty() ? never : now;
        rate_bytes_ = 0;
        return;
    }
    const Millis elapsed = now - rate_since_;
    if (elapsed < 300)
        return;
    const double sample = static_cast<double>(rate_bytes_) / static_cast<double>(elapsed);
    rate_ = rate_ == 0 ? sample : rate_ * 0.75 + sample * 0.25;
    rate_since_ = now;
    rate_bytes_ = 0;
}

/// How long the peer may take to acknowledge anything: its delay, two round trips and the time two
/// long frames take on the line.
Millis Link::patience() const
{
    const double rate = rate_ == 0 ? assumed_rate : rate_;
    const bool short_ones = in_flight() < 1024;
    const Millis line = short_ones ? 0 : static_cast<Millis>(2 * 2100 / rate);
    const Millis delay = !sent_.empty() && sent_.back().urgent && short_ones ? 0 : ack_delay;
    const Millis rtt = min_rtt_ == never ? 500 : min_rtt_;
    // Behind a copy from the other side an acknowledgement waits for all that is on the line.
    const Millis queue = heard_ < bulk_heard_ + 500
                             ? static_cast<Millis>(static_cast<double>(window_) / assumed_rate)
                             : 0;
    return (300 + delay + 2 * rtt + line + queue) * backoff_;
}

void Link::arm(Millis now)
{
    probe_at_ = sent_.empty() ? never : now + patience();
}

std::uint16_t Link::next_pn()
{
    if (++pn_ == 0)
        ++pn_; // 0 is "none" in apn
    return pn_;
}

void Link::transmit(Buffer& out, Sent& sent, Millis now)
{
    sent.pn = next_pn();
    sent.lost = false;
    sent.at = now;
    Frame frame = stamped(FrameType::data);
    frame.chan = sent.chan;
    frame.seq = sent.seq;
    frame.pn = sent.pn;
    frame.ack_now = sent.urgent || sent.resent;
    frame.payload = sent.payload;
    append_frame(out, frame);
    said_ = now;
    if (!gap()) { // else only an ACK frame tells the whole truth
        unacked_ = 0;
        ack_now_ = false;
        ack_at_ = never;
    }
}

bool Link::send_again(Buffer& out, Millis now)
{
    auto one = std::ranges::find_if(sent_, &Sent::lost);
    if (one == sent_.end() && now >= probe_at_) {
        one = std::ranges::find_if(sent_, [](const Sent& s) { return !s.stored; });
        backoff_ = std::min(backoff_ * 2, max_backoff);
    }
    if (one == sent_.end())
        return false;
    one->resent = true;
    ++stats_.resent;
    transmit(out, *one, now);
    arm(now);
    return true;
}

bool Link::send_new(Buffer& out, Millis now)
{
    const std::size_t most = payload_limit();
    if (!owner_.more() || !window_open(most))
        return false;
    Sent sent;
    if (!owner_.next_payload(most, sent.chan, sent.payload))
        return false;
    sent.seq = next_seq_++;
    sent.interactive = interactive_;
    sent.urgent = interactive_ || !owner_.more();
    const bool first = sent_.empty();
    sent_.push_back(std::move(sent));
    transmit(out, sent_.back(), now);
    ++stats_.sent;
    if (first || sent_.back().urgent)
        arm(now);
    return true;
}

} // namespace xenlab::serial
