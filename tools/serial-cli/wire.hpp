// SPDX-License-Identifier: GPL-3.0-or-later
// What clients and broker say to each other over the unix socket: u32 length of what follows,
// u8 kind, body. Both are the same program; the version is checked all the same.
#pragma once

#include <xenlab/serial/message.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace xenlab::serial_cli {

using bytes::View;
using serial::Buffer;

inline constexpr std::uint8_t wire_version = 1;
inline constexpr std::size_t max_packet = 128 * 1024;

enum class Kind : std::uint8_t {
    // from clients
    attach = 1, ///< u8 version, u32 ms to wait for an agent, secret
    open,       ///< u8 op, u8 interactive, body of the SL1 message
    send,       ///< u8 chan, u8 op, body
    close,      ///< u8 chan
    raw,        ///< u8 RawMode: hear the line, perhaps write to it
    write,      ///< bytes for the line, in raw mode
    line_break,
    status,
    quit,
    // from the broker
    attached = 64, ///< u8 resumed, boot 16, instance 8
    opened,        ///< u8 chan
    message,       ///< u8 chan, u8 op, body
    closed,        ///< u8 chan
    bytes,         ///< of the line
    error,         ///< u32 exit code, words, perhaps a zero byte and a hint
    lost,          ///< the session ended, with all channels: words
    quiet,         ///< u32 ms without a sign of the agent
    ready,         ///< answer to raw, quit
    facts,         ///< answer to status: SL1 fields, Tag::fact
};

enum class RawMode : std::uint8_t {
    spy = 0,       ///< hear only
    writer = 1,    ///< and write; one at a time
    exclusive = 2, ///< and nobody else, no SL1: a debugger
};

struct Packet {
    Kind kind = Kind::error;
    Buffer body;
};

void append_packet(Buffer& out, Kind kind, View head = {}, View body = {});
inline View as_view(std::string_view text)
{
    return std::as_bytes(std::span(text));
}
std::string to_text(View bytes);

class PacketReader {
  public:
    void feed(View data) { pending_.insert(pending_.end(), data.begin(), data.end()); }
    /// Throws Error{bad_data} when the other end is no serial-cli.
    std::optional<Packet> next();

  private:
    Buffer pending_;
    std::size_t used_ = 0;
};

} // namespace xenlab::serial_cli
