// SPDX-License-Identifier: GPL-3.0-or-later
// The session: greetings, resumption, resets, and the order in which frames go out.
#include "link_constants.hpp"

#include <algorithm>
#include <utility>

namespace xenlab::serial {

Link::Link(const Settings& settings, LinkOwner& owner, std::function<std::uint32_t()> random)
    : settings_(settings), owner_(owner), random_(std::move(random)),
      reader_(settings.side == Side::host ? Side::agent : Side::host)
{
}

void Link::clear(Millis now)
{
    sent_.clear();
    received_.clear();
    next_seq_ = expected_ = pn_ = apn_ = 0;
    unacked_ = 0;
    ack_now_ = broken_ = welcome_due_ = resuming_ = interactive_ = false;
    ack_at_ = probe_at_ = greet_at_ = never;
    backoff_ = 1;
    min_rtt_ = never;
    rate_ = 0;
    rate_since_ = never;
    heard_ = said_ = now;
    bulk_heard_ = 0;
    for (std::size_t i = 0; i < settings_.greeting.nonce.size(); i += 4) {
        const std::uint32_t word = random_();
        bytes::store_le(std::span(settings_.greeting.nonce), i, word);
    }
}

void Link::limit(std::uint16_t mtu, std::uint16_t window)
{
    settings_.greeting.mtu = std::min(settings_.greeting.mtu, mtu);
    settings_.greeting.window = std::min(settings_.greeting.window, window);
}

void Link::start(Millis now)
{
    clear(now);
    do {
        session_ = static_cast<std::uint16_t>(random_());
    } while (session_ == 0);
    state_ = State::greeting;
    greetings_ = 0;
    greet_at_ = now;
}

void Link::stop()
{
    clear(heard_);
    state_ = State::idle;
    session_ = 0;
    peer_nonce_.reset();
}

void Link::line_restored(Millis now)
{
    if (state_ == State::idle || settings_.side != Side::host)
        return;
    resuming_ = state_ == State::up;
    greetings_ = 0;
    greet_at_ = now;
}

void Link::receive(View data, Millis now)
{
    reader_.feed(
        data, [&](const Frame& frame) { on_frame(frame, now); },
        [&](View noise) { owner_.on_noise(noise); });
    if (broken_) {
        const std::uint16_t session = session_;
        stop();
        reset_due_ = session;
        owner_.on_lost();
    }
}

void Link::on_frame(const Frame& frame, Millis now)
{
    if (frame.type == FrameType::hello) {
        on_hello(frame, now);
        return;
    }
    if (frame.sess != session_ || state_ == State::idle) {
        // Only the agent tells that it knows no such session, so two ends cannot reset each other
        // for ever.
        if (settings_.side == Side::agent && frame.type != FrameType::reset && frame.sess != 0 &&
            now >= reset_at_) {
            reset_due_ = frame.sess;
            reset_at_ = now + reset_pause;
        }
        return;
    }
    heard_ = now;
    ++stats_.received;
    switch (frame.type) {
    case FrameType::welcome:
        on_welcome(frame, now);
        break;
    case FrameType::reset:
        if (settings_.side == Side::host) {
            stop();
            owner_.on_lost();
        }
        break;
    case FrameType::data:
        if (up())
            on_data(frame, now);
        break;
    case FrameType::ack:
        if (up())
            on_ack(frame, now);
        break;
    case FrameType::hello:
        break;
    }
}

void Link::on_hello(const Frame& frame, Millis now)
{
    const auto greeting = Greeting::decode(frame.payload);
    if (settings_.side != Side::agent || frame.sess == 0 || !greeting)
        return;
    const bool same = up() && frame.sess == session_ && peer_nonce_ == greeting->nonce;
    if (same) {
        heard_ = now;
        welcome_due_ = welcome_resumed_ = true;
        if (greeting->resume)
            probe_at_ = sent_.empty() ? never : std::min(probe_at_, now);
        owner_.on_session(false, *greeting);
        return;
    }
    if (greeting->resume) {
        if (now >= reset_at_) {
            reset_due_ = frame.sess;
            reset_at_ = now + reset_pause;
        }
        return;
    }
    clear(now);
    session_ = frame.sess;
    peer_nonce_ = greeting->nonce;
    mtu_ = std::min(greeting->mtu, settings_.greeting.mtu);
    window_ = std::min(greeting->window, settings_.greeting.window);
    state_ = State::up;
    welcome_due_ = true;
    welcome_resumed_ = false;
    owner_.on_session(true, *greeting);
}

void Link::on_welcome(const Frame& frame, Millis now)
{
    const auto greeting = Greeting::decode(frame.payload);
    if (settings_.side != Side::host || !greeting)
        return;
    if (state_ == State::greeting) {
        mtu_ = std::min(greeting->mtu, settings_.greeting.mtu);
        window_ = std::min(greeting->window, settings_.greeting.window);
        state_ = State::up;
        greet_at_ = never;
        owner_.on_session(true, *greeting);
        return;
    }
    greet_at_ = never;
    if (std::exchange(resuming_, false)) {
        // One frame tells by its number what became of all the others.
        probe_at_ = sent_.empty() ? never : now;
        min_rtt_ = never;
        owner_.on_session(false, *greeting);
    }
}

Frame Link::stamped(FrameType type) const
{
    return {.type = type, .from = settings_.side, .ack = expected_, .sess = session_, .apn = apn_};
}

bool Link::send_greeting(Buffer& out, Millis now)
{
    if (reset_due_ != 0) {
        Frame frame{.type = FrameType::reset, .from = settings_.side};
        frame.sess = std::exchange(reset_due_, std::uint16_t{0});
        append_frame(out, frame);
        return true;
    }
    if (std::exchange(welcome_due_, false)) {
        settings_.greeting.resume = welcome_resumed_;
        const Buffer payload = settings_.greeting.encode();
        Frame frame = stamped(FrameType::welcome);
        frame.payload = payload;
        append_frame(out, frame);
        said_ = now;
        return true;
    }
    if (settings_.side != Side::host || state_ == State::idle)
        return false;
    if (up() && greet_at_ == never && (owner_.waiting() || !sent_.empty()) &&
        now >= heard_ + keepalive) {
        resuming_ = true;
        greetings_ = 0;
        greet_at_ = now;
    }
    if (now < greet_at_)
        return false;
    settings_.greeting.resume = state_ == State::up;
    const Buffer payload = settings_.greeting.encode();
    Frame frame = stamped(FrameType::hello);
    frame.payload = payload;
    append_frame(out, frame);
    greet_at_ = now + (++greetings_ < quick_greetings ? quick_greeting : slow_greeting);
    return true;
}

bool Link::next_frame(Buffer& out, Millis now)
{
    if (send_greeting(out, now))
        return true;
    if (!up())
        return false;
    if (ack_at_ != never && now >= ack_at_)
        ack_now_ = true;
    if (ack_now_ && gap()) {
        send_ack(out, now);
        return true;
    }
    if (send_again(out, now) || send_new(out, now))
        return true;
    const bool alive = settings_.side == Side::agent && owner_.waiting() &&
                       now >= said_ + keepalive && now < heard_ + heartbeat_limit;
    if (ack_now_ || alive) {
        send_ack(out, now);
        return true;
    }
    return false;
}

Millis Link::wakeup() const
{
    if (reset_due_ != 0 || welcome_due_)
        return 0;
    if (state_ == State::idle)
        return never;
    Millis at = greet_at_;
    if (!up())
        return at;
    at = std::min({at, ack_at_, probe_at_});
    if (ack_now_)
        at = 0;
    if (settings_.side == Side::host && greet_at_ == never && (owner_.waiting() || !sent_.empty()))
        at = std::min(at, heard_ + keepalive);
    if (settings_.side == Side::agent && owner_.waiting() &&
        said_ + keepalive < heard_ + heartbeat_limit)
        at = std::min(at, said_ + keepalive);
    return at;
}

LinkStats Link::stats() const
{
    LinkStats stats = stats_;
    stats.damaged = reader_.damaged();
    return stats;
}

} // namespace xenlab::serial
