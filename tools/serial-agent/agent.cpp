// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent.hpp"

#include <xenlab/serial/sha256.hpp>

#include <algorithm>
#include <utility>

namespace xenlab::agent {
namespace {

using serial::Op;
using serial::Tag;

serial::Link::Settings settings(bool secret, std::uint16_t mtu, std::uint16_t window)
{
    serial::Link::Settings s;
    s.side = serial::Side::agent;
    s.greeting.mtu = mtu;
    s.greeting.window = window;
    s.greeting.auth_required = secret;
    s.greeting.boot = boot_identity();
    for (std::size_t i = 0; i < s.greeting.instance.size(); i += 4)
        bytes::store_le(std::span(s.greeting.instance), i, random_word());
    return s;
}

View view(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

} // namespace

Agent::Agent(std::string secret, std::uint16_t mtu, std::uint16_t window)
    : secret_(std::move(secret)), mux_(serial::Side::agent, *this),
      link_(settings(!secret_.empty(), mtu, window), mux_, random_word)
{
    mux_.attach(link_);
}

void Agent::on_session(bool fresh, const serial::Greeting& peer)
{
    if (!fresh)
        return;
    jobs_.clear();
    trusted_ = secret_.empty();
    host_nonce_ = peer.nonce;
}

void Agent::on_lost()
{
    jobs_.clear();
}

Buffer Agent::proof_text(std::string_view who) const
{
    Buffer text(view(who).begin(), view(who).end());
    text.insert(text.end(), host_nonce_.begin(), host_nonce_.end());
    text.insert(text.end(), link_.nonce().begin(), link_.nonce().end());
    std::array<std::byte, 2> session{};
    bytes::store_le(std::span(session), 0, link_.session());
    text.insert(text.end(), session.begin(), session.end());
    return text;
}

void Agent::authenticate(View body)
{
    const auto fields = serial::Fields::parse(body);
    const auto expected = serial::hmac_sha256(view(secret_), proof_text("host"));
    if (secret_.empty() || !fields ||
        !serial::equal_digests(fields->bytes(Tag::sha256), expected)) {
        mux_.send(
            0, Op::error,
            serial::Message().add_u32(Tag::code, 5).add(Tag::text, "the secret is wrong").body());
        return;
    }
    trusted_ = true;
    const auto proof = serial::hmac_sha256(view(secret_), proof_text("agent"));
    mux_.send(0, Op::auth, serial::Message().add(Tag::sha256, View(proof)).body());
}

void Agent::refuse(std::uint8_t chan, std::uint32_t code, std::string_view words)
{
    mux_.send(chan, Op::error,
              serial::Message().add_u32(Tag::code, code).add(Tag::text, words).body());
    mux_.close(chan);
}

void Agent::on_open(std::uint8_t chan, Op op, View body)
{
    if (jobs_.contains(chan))
        return;
    if (!trusted_) {
        refuse(chan, 5, "this agent wants a secret");
        return;
    }
    const auto fields = op == Op::ping ? serial::Fields() : serial::Fields::parse(body);
    if (!fields) {
        refuse(chan, 1, "the request is malformed");
        return;
    }
    if (jobs_.size() >= most_jobs) {
        refuse(chan, 6, "the agent has too much to do");
        return;
    }
    try {
        const std::string mark =
            std::to_string(link_.session()) + "." + std::to_string(random_word());
        auto job = make_job(op, *fields, body, Line(mux_, chan), mark);
        if (job)
            jobs_[chan] = std::move(job);
        else
            mux_.close(chan);
    } catch (const SystemFailure& failure) {
        refuse(chan, failure.code(), failure.what());
    }
}

void Agent::on_message(std::uint8_t chan, Op op, View body)
{
    if (chan == 0) {
        if (op == Op::auth)
            authenticate(body);
        return;
    }
    const auto found = jobs_.find(chan);
    if (found == jobs_.end()) {
        if (serial::is_stream(op))
            mux_.consumed(chan, body.size());
        return;
    }
    try {
        found->second->message(op, body);
    } catch (const SystemFailure& failure) {
        jobs_.erase(found);
        refuse(chan, failure.code(), failure.what());
    }
}

void Agent::on_close(std::uint8_t chan)
{
    jobs_.erase(chan);
}

bool Agent::step(Millis now)
{
    if (!jobs_.empty() && now > link_.last_heard() + forsaken_after) {
        jobs_.clear();
        mux_.clear();
        link_.stop();
        return false;
    }
    bool busy = false;
    for (auto one = jobs_.begin(); one != jobs_.end();) {
        const std::uint8_t chan = one->first;
        try {
            const Job::State state = one->second->step(now);
            busy = busy || state == Job::State::busy;
            if (state != Job::State::finished) {
                ++one;
                continue;
            }
            one = jobs_.erase(one);
            mux_.close(chan);
        } catch (const SystemFailure& failure) {
            one = jobs_.erase(one);
            refuse(chan, failure.code(), failure.what());
        }
    }
    return busy;
}

void Agent::fill(Buffer& out, Millis now)
{
    constexpr std::size_t enough = 4096;
    while (out.size() < enough && link_.next_frame(out, now)) {
    }
}

std::vector<ChildInterest> Agent::interests()
{
    std::vector<ChildInterest> found;
    for (const auto& [chan, job] : jobs_)
        if (const auto interest = job->interest())
            found.push_back(*interest);
    return found;
}

Millis Agent::wakeup(Millis now) const
{
    Millis at = link_.wakeup();
    for (const auto& [chan, job] : jobs_)
        at = std::min(at, job->wakeup());
    if (!jobs_.empty())
        at = std::min(at, link_.last_heard() + forsaken_after + 1);
    return at == serial::never ? serial::never : at > now ? at - now : 0;
}

} // namespace xenlab::agent
