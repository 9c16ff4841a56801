// SPDX-License-Identifier: GPL-3.0-or-later
// Up to 255 channels in one session, each with a receive credit of its own, so that one slow
// consumer does not hold up the others; key presses go before copies. Same rules as Link: no I/O,
// no clock, one thread.
#pragma once

#include <xenlab/serial/link.hpp>
#include <xenlab/serial/message.hpp>

#include <map>

namespace xenlab::serial {

inline constexpr std::size_t channel_credit = 64 * 1024;

/// Who lives in the channels. Calls come from Link::receive(); they may use the Mux, not the Link.
class ChannelOwner {
  public:
    virtual ~ChannelOwner() = default;
    /// All channels of an earlier session are gone when `fresh`.
    virtual void on_session(bool fresh, const Greeting& peer) = 0;
    virtual void on_lost() = 0;
    /// Agent: a channel begins with this message. Host: never.
    virtual void on_open(std::uint8_t chan, Op op, View body) = 0;
    /// Bytes of a stream count against the credit until Mux::consumed().
    virtual void on_message(std::uint8_t chan, Op op, View body) = 0;
    /// The peer has closed the channel and sends no more; the channel is gone.
    virtual void on_close(std::uint8_t chan) = 0;
    virtual void on_noise(View text) = 0;
};

class Mux final : public LinkOwner {
  public:
    Mux(Side side, ChannelOwner& owner) : side_(side), owner_(owner) {}
    /// For set_interactive(); must be called once before use.
    void attach(Link& link) { link_ = &link; }

    /// Host: takes a free channel, 1..255; nothing when all are in use.
    std::optional<std::uint8_t> open(Op op, View body, bool interactive = false);
    /// Agent: marks a channel that was opened as one that a person types into.
    void set_interactive(std::uint8_t chan);
    /// Queues a message. Streams should ask room() first. Ignored when the channel is gone.
    void send(std::uint8_t chan, Op op, View body = {});
    /// Bytes of a stream that may be queued now without piling up.
    [[nodiscard]] std::size_t room(std::uint8_t chan) const;
    /// The owner is done with so many bytes of a stream message.
    void consumed(std::uint8_t chan, std::size_t bytes);
    /// Nothing more is sent after what is queued. The channel is gone when the peer closes, too.
    void close(std::uint8_t chan);
    [[nodiscard]] bool is_open(std::uint8_t chan) const;
    [[nodiscard]] std::size_t count() const noexcept { return channels_.size(); }
    /// Ends all channels without a word.
    void clear();

    void on_session(bool fresh, const Greeting& peer) override;
    void on_lost() override;
    bool on_message(std::uint8_t chan, View payload) override;
    void on_noise(View text) override;
    bool next_payload(std::size_t most, std::uint8_t& chan, Buffer& payload) override;
    [[nodiscard]] bool waiting() const override;
    [[nodiscard]] bool more() const override;

  private:
    struct Item {
        Op op = Op::data;
        Buffer body;
        std::size_t sent = 0;
    };
    struct Channel {
        std::deque<Item> queue;
        std::size_t queued = 0;                // bytes in the queue
        std::size_t may_send = channel_credit; // what the peer has room for
        std::size_t may_come = channel_credit; // what it may still send us
        std::size_t to_grant = 0;
        Buffer partial; // of a message in several frames
        Op partial_op = Op::data;
        bool in_partial = false;
        bool interactive = false;
        bool closing = false, close_sent = false, close_received = false;
    };

    [[nodiscard]] static bool ready(const Channel& channel);
    static void take(Channel& channel, std::size_t most, Buffer& payload);
    bool accept(std::uint8_t chan, Channel& channel, Op op, bool continued, View body);
    void forget_if_done(std::uint8_t chan);
    void update_interactive();

    Side side_;
    ChannelOwner& owner_;
    Link* link_ = nullptr;
    std::map<std::uint8_t, Channel> channels_;
    std::uint8_t turn_ = 0, last_opened_ = 0;
};

} // namespace xenlab::serial
