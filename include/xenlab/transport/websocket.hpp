// SPDX-License-Identifier: GPL-3.0-or-later
// The server's half of RFC 6455, without extensions: a browser's WebSocket as a Channel.
#pragma once

#include <xenlab/transport/incoming_request.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace xenlab::transport {

/// Why a WebSocket is closed (RFC 6455 7.4.1).
enum class WebSocketStatus : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    violation = 1002,
    unacceptable = 1003,
    too_big = 1009,
};

/// Finds the messages in what a client sends. No I/O. Holds less than one control frame, whatever
/// comes: data is passed on as it arrives.
class WebSocketDecoder {
  public:
    using Bytes = std::vector<std::byte>;
    /// No client of ours has reason to send larger frames.
    static constexpr std::uint64_t longest_frame = 2U << 20U;

    /// Takes all of `input`. Payload is appended to `data`; what must be sent (pongs, the answer
    /// to a close or to a violation) to `answers`. Does nothing after closed().
    void feed(std::span<const std::byte> input, Bytes& data, Bytes& answers);

    /// The client has closed or broken the protocol; nothing more is to be read or sent.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// What it did wrong; empty when nothing.
    [[nodiscard]] const std::string& violation() const noexcept { return violation_; }

  private:
    void begin_frame(Bytes& answers);
    [[nodiscard]] std::size_t head_size() const;
    void payload(std::span<const std::byte> input, Bytes& data);
    void end_control(Bytes& answers);
    void fail(WebSocketStatus status, std::string why, Bytes& answers);

    Bytes head_;                         ///< of the frame that begins
    std::array<std::byte, 4> mask_{};    ///< of the frame that goes on
    std::uint64_t left_ = 0, place_ = 0; ///< of its payload: to come, done
    unsigned opcode_ = 0;
    bool in_frame_ = false, in_message_ = false, closed_ = false;
    Bytes control_;
    std::string violation_;
};

/// The frame in front of `length` bytes of binary data to a client.
WebSocketDecoder::Bytes websocket_head(std::size_t length);

/// Answers a request to upgrade and is the connection from then on: read() gives the payload of
/// binary frames, write() sends one. The subprotocol "binary" is spoken when it is asked for.
/// Throws HttpRefusal{400 | 426} before anything is answered; read() throws Error{bad_data} when
/// the client breaks the protocol, after it was told so. Can be given to wait_any() if `plain` can.
std::unique_ptr<Channel> accept_websocket(std::unique_ptr<Channel>& plain,
                                          const IncomingRequest& request, TimePoint deadline);

} // namespace xenlab::transport
