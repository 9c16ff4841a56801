// SPDX-License-Identifier: GPL-3.0-or-later
// One reliable, resumable session over SL1 frames: selective repeat with transmission numbers.
//
// Does no I/O and has no clock: the owner feeds bytes that came, asks for the next frame whenever
// the line can take one, and calls again at wakeup(). So tests simulate bad lines in no time, and
// host and agent share the code. One thread at a time. Memory is bounded by the window.
#pragma once

#include <xenlab/serial/frame.hpp>

#include <array>
#include <deque>
#include <optional>

namespace xenlab::serial {

using Millis = std::uint64_t; ///< of a clock that never goes back
inline constexpr Millis never = ~Millis{0};

using Nonce = std::array<std::byte, 16>;

/// What HELLO (host) and WELCOME (agent) say.
struct Greeting {
    std::uint8_t version = 1;
    bool resume = false;        ///< HELLO: go on with this session; WELCOME: it goes on
    bool auth_required = false; ///< WELCOME: nothing is opened before AUTH
    std::uint16_t mtu = max_payload;
    std::uint16_t window = 24 * 1024; ///< most bytes that this side takes in unacknowledged
    Nonce nonce{};
    std::array<std::byte, 16> boot{};    ///< agent: changes when the guest boots
    std::array<std::byte, 8> instance{}; ///< agent: changes when the agent starts

    [[nodiscard]] Buffer encode() const;
    /// Nothing when it is no greeting or its limits are impossible (mtu 64..2048, window 512..32
    /// KiB).
    static std::optional<Greeting> decode(View payload);
};

/// The owner of a link. Calls come from receive() and next_frame(); they must not call back into
/// those two.
class LinkOwner {
  public:
    virtual ~LinkOwner() = default;
    /// A session begins, with nothing of an earlier one left, or goes on after a break.
    virtual void on_session(bool fresh, const Greeting& peer) = 0;
    /// Host: the agent no longer knows the session. Call start() for a new one.
    virtual void on_lost() = 0;
    /// The next message, in order, exactly once. False: it breaks the rules; the session ends.
    virtual bool on_message(std::uint8_t chan, View payload) = 0;
    virtual void on_noise(View text) = 0;
    /// Takes up to `most` bytes of what is to be sent next; false when there is nothing.
    virtual bool next_payload(std::size_t most, std::uint8_t& chan, Buffer& payload) = 0;
    /// Whether anything waits for the other side, so that silence means trouble.
    [[nodiscard]] virtual bool waiting() const = 0;
    /// Whether more is ready for next_payload().
    [[nodiscard]] virtual bool more() const = 0;
};

struct LinkStats {
    std::uint64_t sent = 0, resent = 0, received = 0, duplicates = 0, damaged = 0;
};

class Link {
  public:
    struct Settings {
        Side side = Side::host;
        Greeting greeting; ///< of this side; the nonce is drawn anew for each session
    };

    Link(const Settings& settings, LinkOwner& owner, std::function<std::uint32_t()> random);

    /// This side takes in no more than that from the next session on.
    void limit(std::uint16_t mtu, std::uint16_t window);
    /// Host: drops what was and greets the agent with a new session.
    void start(Millis now);
    /// Ends the session without a word.
    void stop();
    /// The line was interrupted: greet at once and ask for what was lost.
    void line_restored(Millis now);

    void receive(View data, Millis now);
    /// Appends the next frame to `out`; false when there is nothing to send now. To be called only
    /// when the line can take bytes.
    bool next_frame(Buffer& out, Millis now);
    /// When next_frame() must be asked again although nothing has come; `never` if not at all.
    [[nodiscard]] Millis wakeup() const;

    [[nodiscard]] bool up() const noexcept { return state_ == State::up; }
    [[nodiscard]] std::uint16_t session() const noexcept { return session_; }
    [[nodiscard]] const Nonce& nonce() const noexcept { return settings_.greeting.nonce; }
    [[nodiscard]] Millis last_heard() const noexcept { return heard_; }
    /// Small frames and a short queue on the line, so that a key press need not wait for a copy.
    void set_interactive(bool on);
    [[nodiscard]] LinkStats stats() const;
    /// Payload bytes that a frame may carry now.
    [[nodiscard]] std::size_t payload_limit() const noexcept;

  private:
    enum class State { idle, greeting, up };
    struct Sent {
        std::uint16_t seq = 0, pn = 0;
        std::uint8_t chan = 0;
        bool stored = false; // the peer has it, out of order
        bool lost = false;   // to be sent again
        bool resent = false;
        bool urgent = false;
        bool interactive = false; // sent while a person types
        Millis at = 0;
        Buffer payload;
    };
    struct Stored {
        std::uint8_t chan = 0;
        Buffer payload;
    };

    void on_frame(const Frame& frame, Millis now);
    void on_hello(const Frame& frame, Millis now);
    void on_welcome(const Frame& frame, Millis now);
    void on_data(const Frame& frame, Millis now);
    void on_ack(const Frame& frame, Millis now);
    void deliver();
    void clear(Millis now);
    void measure(const Sent& sent, Millis now);
    void measure_rate(std::size_t acked, Millis now);
    void arm(Millis now);
    [[nodiscard]] Millis patience() const;
    [[nodiscard]] std::size_t in_flight() const;
    [[nodiscard]] bool window_open(std::size_t payload) const;
    [[nodiscard]] bool gap() const;
    [[nodiscard]] Frame stamped(FrameType type) const;
    bool send_greeting(Buffer& out, Millis now);
    bool send_again(Buffer& out, Millis now);
    bool send_new(Buffer& out, Millis now);
    void send_ack(Buffer& out, Millis now);
    void transmit(Buffer& out, Sent& sent, Millis now);
    std::uint16_t next_pn();

    Settings settings_;
    LinkOwner& owner_;
    std::function<std::uint32_t()> random_;
    FrameReader reader_;

    State state_ = State::idle;
    std::uint16_t session_ = 0;
    std::optional<Nonce> peer_nonce_; // tells a repeated HELLO from a new session with the same id
    std::size_t mtu_ = max_payload, window_ = 0;
    bool welcome_due_ = false, welcome_resumed_ = false;
    std::uint16_t reset_due_ = 0;
    bool resuming_ = false;
    unsigned greetings_ = 0;
    Millis greet_at_ = never, heard_ = 0, said_ = 0, reset_at_ = 0, bulk_heard_ = 0;

    std::deque<Sent> sent_; // not acknowledged yet, ascending
    std::uint16_t next_seq_ = 0, pn_ = 0;
    Millis probe_at_ = never;
    unsigned backoff_ = 1;
    Millis min_rtt_ = never;
    double rate_ = 0; // bytes a millisecond, 0 when not known
    Millis rate_since_ = never;
    std::size_t rate_bytes_ = 0;
    bool interactive_ = false;

    std::deque<std::optional<Stored>> received_; // [0] is `expected_`
    std::uint16_t expected_ = 0, apn_ = 0;
    unsigned unacked_ = 0;
    bool ack_now_ = false, broken_ = false;
    Millis ack_at_ = never;
    LinkStats stats_;
};

} // namespace xenlab::serial
