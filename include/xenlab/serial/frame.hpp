// SPDX-License-Identifier: GPL-3.0-or-later
// SL1 frames: how bytes on a noisy serial line become frames that are whole or not there at all.
// xenlab-sl1(7) is the specification; section names below are its sections.
//
//   00 COBS( header 12 | payload 0..2048 | crc 4 ) 00      all integers little endian
//   u8 type  u8 chan  u16 seq  u16 ack  u16 sess  u16 pn  u16 apn  payload  u32 crc
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace xenlab::serial {

using bytes::View;
using Buffer = std::vector<std::byte>;

inline constexpr std::size_t header_size = 12;
inline constexpr std::size_t max_payload = 2048;

enum class FrameType : std::uint8_t { data = 0, ack = 1, hello = 2, welcome = 3, reset = 4 };

enum class Side { host, agent };

struct Frame {
    FrameType type = FrameType::data;
    Side from = Side::host;
    bool ack_now = false;   ///< the sender has nothing more for now, or is in a hurry
    std::uint8_t chan = 0;  ///< data: the channel
    std::uint16_t seq = 0;  ///< data: place in the stream of messages
    std::uint16_t ack = 0;  ///< the seq expected next
    std::uint16_t sess = 0; ///< 0 is no session
    std::uint16_t pn = 0;   ///< data: number of this transmission, never the same twice
    std::uint16_t apn = 0;  ///< the newest pn received
    View payload;           ///< borrowed: valid as long as what it was read from
};

/// Bytes on the line for a frame with so much payload, delimiters included.
constexpr std::size_t wire_size(std::size_t payload) noexcept
{
    return payload + header_size + 4 + (payload + header_size + 4) / 254 + 1 + 2;
}

/// Appends the frame as it goes on the line. The payload must not exceed max_payload.
void append_frame(Buffer& out, const Frame& frame);

/// Finds the frames of the other side in a stream of bytes. Whatever is no frame is handed out as
/// noise: kernel messages, BIOS text, a login prompt, our own frames echoed by a terminal.
/// Memory is bounded whatever comes.
class FrameReader {
  public:
    /// `from`: whose frames are wanted.
    explicit FrameReader(Side from) : from_(from) {}

    /// Calls `on_frame` for each good frame (its payload is valid during the call) and `on_noise`
    /// for text as soon as it cannot be part of a frame, in the order of the line.
    void feed(View data, const std::function<void(const Frame&)>& on_frame,
              const std::function<void(View)>& on_noise);

    /// Frames that were thrown away because they were damaged or not for us.
    [[nodiscard]] std::uint64_t damaged() const noexcept { return damaged_; }

  private:
    void finish(const std::function<void(const Frame&)>& on_frame,
                const std::function<void(View)>& on_noise);

    Side from_;
    Buffer segment_;     // since the last delimiter
    bool noise_ = false; // the segment has been found to be no frame
    std::uint64_t damaged_ = 0;
};

} // namespace xenlab::serial
