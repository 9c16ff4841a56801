// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/bytes/endian.hpp>
#include <xenlab/transport/websocket.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::transport {
namespace {

// RFC 6455 5.2
constexpr unsigned continuation = 0, text_data = 1, binary_data = 2, close_frame = 8, ping = 9,
                   pong = 10;
constexpr unsigned final_bit = 0x80, reserved_bits = 0x70, opcode_bits = 0x0F, mask_bit = 0x80,
                   length_bits = 0x7F;
constexpr unsigned long_length = 126, longer_length = 127;
constexpr std::size_t longest_control = 125;

unsigned number(std::byte b)
{
    return std::to_integer<unsigned>(b);
}

void put_frame(WebSocketDecoder::Bytes& out, unsigned opcode, std::span<const std::byte> payload)
{
    out.push_back(static_cast<std::byte>(final_bit | opcode));
    out.push_back(static_cast<std::byte>(payload.size())); // a control frame's fits
    out.insert(out.end(), payload.begin(), payload.end());
}

} // namespace

WebSocketDecoder::Bytes websocket_head(std::size_t length)
{
    WebSocketDecoder::Bytes head{static_cast<std::byte>(final_bit | binary_data)};
    if (length <= longest_control) {
        head.push_back(static_cast<std::byte>(length));
        return head;
    }
    const bool is_long = length <= 0xFFFF;
    head.push_back(static_cast<std::byte>(is_long ? long_length : longer_length));
    for (int shift = is_long ? 8 : 56; shift >= 0; shift -= 8)
        head.push_back(
            static_cast<std::byte>(std::uint64_t{length} >> static_cast<unsigned>(shift)));
    return head;
}

/// How long the head of the frame is, as far as its beginning tells.
std::size_t WebSocketDecoder::head_size() const
{
    if (head_.size() < 2)
        return 2 + mask_.size();
    const unsigned length = number(head_[1]) & length_bits;
    return 2U + (length == long_length ? 2U : length == longer_length ? 8U : 0U) + mask_.size();
}

void WebSocketDecoder::fail(WebSocketStatus status, std::string why, Bytes& answers)
{
    const auto code = static_cast<unsigned>(status);
    put_frame(answers, close_frame,
              std::array{static_cast<std::byte>(code >> 8U), static_cast<std::byte>(code & 0xFFU)});
    violation_ = std::move(why);
    closed_ = true;
}

/// The head of a frame is complete.
void WebSocketDecoder::begin_frame(Bytes& answers)
{
    const auto broken = [&](const char* why) { fail(WebSocketStatus::violation, why, answers); };
    const unsigned first = number(head_[0]);
    const unsigned length = number(head_[1]) & length_bits;
    opcode_ = first & opcode_bits;
    const bool control = opcode_ >= close_frame, final = (first & final_bit) != 0;
    left_ = length == long_length     ? bytes::be16(head_, 2)
            : length == longer_length ? bytes::be64(head_, 2)
                                      : length;
    if ((first & reserved_bits) != 0)
        return broken("an extension that was not agreed upon");
    if ((length == long_length && left_ <= longest_control) ||
        (length == longer_length && left_ <= 0xFFFF))
        return broken("a length in too many bytes");
    if (control && (!final || left_ > longest_control))
        return broken("a control frame in parts");
    if (opcode_ == text_data)
        return fail(WebSocketStatus::unacceptable, "text", answers);
    if (!control && opcode_ > binary_data)
        return broken("an unknown kind of frame");
    if (opcode_ > pong)
        return broken("an unknown kind of control frame");
    if (!control && (opcode_ == continuation) != in_message_)
        return broken("parts of messages out of order");
    if (left_ > longest_frame)
        return fail(WebSocketStatus::too_big, fmt::format("a frame of {} bytes", left_), answers);
    if (!control)
        in_message_ = !final;
    std::copy(head_.end() - static_cast<std::ptrdiff_t>(mask_.size()), head_.end(), mask_.begin());
    place_ = 0;
    head_.clear();
    control_.clear();
    in_frame_ = true;
}

void WebSocketDecoder::payload(std::span<const std::byte> input, Bytes& data)
{
    Bytes& to = opcode_ >= close_frame ? control_ : data;
    for (const std::byte b : input)
        to.push_back(b ^ mask_[place_++ % mask_.size()]);
    left_ -= input.size();
}

void WebSocketDecoder::end_control(Bytes& answers)
{
    if (opcode_ == ping)
        put_frame(answers, pong, control_);
    if (opcode_ != close_frame)
        return;
    if (control_.size() == 1)
        return fail(WebSocketStatus::violation, "half a status", answers);
    // Its status goes back, as RFC 6455 5.5.1 recommends.
    put_frame(answers, close_frame,
              std::span(control_).first(std::min<std::size_t>(control_.size(), 2)));
    closed_ = true;
}

void WebSocketDecoder::feed(std::span<const std::byte> input, Bytes& data, Bytes& answers)
{
    while (!closed_ && (!input.empty() || (in_frame_ && left_ == 0))) {
        if (!in_frame_) {
            head_.push_back(input.front());
            input = input.subspan(1);
            if (head_.size() == 2 && (number(head_[1]) & mask_bit) == 0)
                fail(WebSocketStatus::violation, "a frame without a mask", answers);
            else if (head_.size() == head_size())
                begin_frame(answers);
            continue;
        }
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), left_));
        payload(input.first(n), data);
        input = input.subspan(n);
        if (left_ == 0) {
            in_frame_ = false;
            if (opcode_ >= close_frame)
                end_control(answers);
        }
    }
}

} // namespace xenlab::transport
