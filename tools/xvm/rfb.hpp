// SPDX-License-Identifier: GPL-3.0-or-later
// The RFB protocol (RFC 6143) as far as consoles need it: version 3.8 without authentication, raw
// pixels.
#pragma once

#include <xenlab/transport/channel.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xvm::rfb {

using xenlab::transport::Channel;
using xenlab::transport::TimePoint;
using Bytes = std::vector<std::byte>;

inline constexpr std::int32_t raw = 0, copy_rect = 1, desktop_size = -223;

/// ServerInit: size of the screen, form of a pixel (16 bytes), name.
struct Screen {
    std::uint16_t width = 0, height = 0;
    Bytes pixel_format;
    std::string name;
};

/// Reads exactly; throws Error{unreachable} when the peer ends before.
void read_exactly(Channel& channel, std::span<std::byte> buffer, TimePoint deadline);
Bytes read_bytes(Channel& channel, std::size_t count, TimePoint deadline);
std::uint16_t be16(std::span<const std::byte> data, std::size_t at);
std::uint32_t be32(std::span<const std::byte> data, std::size_t at);
void put16(Bytes& out, std::uint16_t value);
void put32(Bytes& out, std::uint32_t value);

/// As a client, up to ServerInit. Throws Error{bad_data} for what is no RFB, Error{precondition}
/// for a server that wants a password.
Screen greet_server(Channel& server, TimePoint deadline);
/// As a server, up to the client's ClientInit.
void greet_client(Channel& client, TimePoint deadline);
Bytes encode(const Screen& screen);

/// 32 bits, red, green, blue in the three low bytes.
Bytes set_pixel_format_32();
Bytes set_encodings(std::span<const std::int32_t> encodings);
Bytes update_request(bool incremental, std::uint16_t width, std::uint16_t height);

/// The whole screen as RGB.
struct Picture {
    std::uint16_t width = 0, height = 0;
    Bytes rgb;
};
Picture take_picture(Channel& server, Screen screen, TimePoint deadline);

/// One press or release.
struct Key {
    std::uint32_t symbol = 0; ///< X11 keysym
    bool down = false;
};
/// "root<Enter>", "<C-A-Del>", "<<" for "<". Capitals come with Shift, as on a US keyboard. Throws
/// Error{usage} for an unknown name.
std::vector<Key> parse_keys(std::string_view text);
Bytes encode(const Key& key);

} // namespace xvm::rfb
