// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/bytes/cobs.hpp>
#include <xenlab/bytes/crc32.hpp>
#include <xenlab/serial/frame.hpp>

#include <optional>

namespace xenlab::serial {
namespace {

constexpr unsigned from_agent_bit = 0x80;
constexpr unsigned ack_now_bit = 0x40;
constexpr unsigned type_mask = 0x0F;
constexpr unsigned last_type = 4;

/// Longest segment between delimiters that can be a frame.
constexpr std::size_t max_segment = bytes::cobs_bound(header_size + max_payload + 4);

unsigned type_byte(const Frame& frame)
{
    return static_cast<unsigned>(frame.type) | (frame.ack_now ? ack_now_bit : 0) |
           (frame.from == Side::agent ? from_agent_bit : 0);
}

bool is_type_byte(unsigned byte, Side from)
{
    return (byte & type_mask) <= last_type && (byte & 0x30) == 0 &&
           ((byte & from_agent_bit) != 0) == (from == Side::agent);
}

/// The second byte of a segment is the type byte, unless that is zero (a data frame of the host).
bool may_be_frame(View segment, Side from)
{
    if (segment.size() < 2)
        return true;
    if (segment[0] == std::byte{1})
        return is_type_byte(0, from);
    return is_type_byte(bytes::u8(segment, 1), from);
}

std::optional<Frame> parse(View body, Side from)
{
    if (body.size() < header_size + 4 || body.size() > header_size + max_payload + 4)
        return std::nullopt;
    const View covered = body.first(body.size() - 4);
    if (bytes::crc32(covered) != bytes::le32(body, covered.size()))
        return std::nullopt;
    const unsigned type = bytes::u8(body, 0);
    if (!is_type_byte(type, from))
        return std::nullopt;
    return Frame{.type = static_cast<FrameType>(type & type_mask),
                 .from = from,
                 .ack_now = (type & ack_now_bit) != 0,
                 .chan = bytes::u8(body, 1),
                 .seq = bytes::le16(body, 2),
                 .ack = bytes::le16(body, 4),
                 .sess = bytes::le16(body, 6),
                 .pn = bytes::le16(body, 8),
                 .apn = bytes::le16(body, 10),
                 .payload = covered.subspan(header_size)};
}

} // namespace

void append_frame(Buffer& out, const Frame& frame)
{
    Buffer body(header_size + frame.payload.size() + 4);
    bytes::store_le<std::uint8_t>(body, 0, static_cast<std::uint8_t>(type_byte(frame)));
    bytes::store_le(body, 1, frame.chan);
    bytes::store_le(body, 2, frame.seq);
    bytes::store_le(body, 4, frame.ack);
    bytes::store_le(body, 6, frame.sess);
    bytes::store_le(body, 8, frame.pn);
    bytes::store_le(body, 10, frame.apn);
    for (std::size_t i = 0; i < frame.payload.size(); ++i)
        body[header_size + i] = frame.payload[i];
    const View covered = View(body).first(body.size() - 4);
    bytes::store_le(body, covered.size(), bytes::crc32(covered));
    out.push_back(std::byte{0});
    bytes::append_cobs(out, body);
    out.push_back(std::byte{0});
}

void FrameReader::finish(const std::function<void(const Frame&)>& on_frame,
                         const std::function<void(View)>& on_noise)
{
    if (!noise_ && !segment_.empty()) {
        const auto body = bytes::from_cobs(segment_);
        const auto frame = body ? parse(*body, from_) : std::nullopt;
        if (frame) {
            on_frame(*frame);
        } else {
            ++damaged_;
            on_noise(segment_);
        }
    }
    segment_.clear();
    noise_ = false;
}

void FrameReader::feed(View data, const std::function<void(const Frame&)>& on_frame,
                       const std::function<void(View)>& on_noise)
{
    std::size_t at = 0;
    while (at < data.size()) {
        std::size_t end = at;
        while (end < data.size() && data[end] != std::byte{0})
            ++end;
        const View piece = data.subspan(at, end - at);
        if (noise_) {
            if (!piece.empty())
                on_noise(piece);
        } else {
            const std::size_t room = max_segment + 1 - segment_.size();
            const View kept = piece.first(piece.size() < room ? piece.size() : room);
            segment_.insert(segment_.end(), kept.begin(), kept.end());
            if (segment_.size() > max_segment || !may_be_frame(segment_, from_)) {
                on_noise(segment_);
                if (kept.size() < piece.size())
                    on_noise(piece.subspan(kept.size()));
                segment_.clear();
                noise_ = true;
            }
        }
        if (end < data.size())
            finish(on_frame, on_noise);
        at = end + 1;
    }
}

} // namespace xenlab::serial
