// SPDX-License-Identifier: GPL-3.0-or-later
#include "rfb.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm::rfb {

using namespace xenlab;

namespace {

constexpr std::size_t longest_text = 1U << 20U;

Bytes bytes_of(std::string_view text)
{
    Bytes out(text.size());
    std::transform(text.begin(), text.end(), out.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    return out;
}

std::string text_of(std::span<const std::byte> data)
{
    std::string text(data.size(), '\0');
    std::transform(data.begin(), data.end(), text.begin(),
                   [](std::byte b) { return static_cast<char>(b); });
    return text;
}

[[noreturn]] void no_rfb(const std::string& words)
{
    throw Error(Errc::bad_data, "the console is no VNC server: " + words);
}

} // namespace

void read_exactly(Channel& channel, std::span<std::byte> buffer, TimePoint deadline)
{
    while (!buffer.empty()) {
        const std::size_t n = channel.read(buffer, deadline);
        if (n == 0)
            throw Error(Errc::unreachable,
                        fmt::format("{}: the connection has ended", channel.peer()));
        buffer = buffer.subspan(n);
    }
}

Bytes read_bytes(Channel& channel, std::size_t count, TimePoint deadline)
{
    Bytes data(count);
    read_exactly(channel, data, deadline);
    return data;
}

std::uint16_t be16(std::span<const std::byte> data, std::size_t at)
{
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(data[at]) << 8U |
                                      std::to_integer<unsigned>(data[at + 1]));
}

std::uint32_t be32(std::span<const std::byte> data, std::size_t at)
{
    return static_cast<std::uint32_t>(be16(data, at)) << 16U | be16(data, at + 2);
}

void put16(Bytes& out, std::uint16_t value)
{
    out.push_back(static_cast<std::byte>(value >> 8U));
    out.push_back(static_cast<std::byte>(value & 0xFFU));
}

void put32(Bytes& out, std::uint32_t value)
{
    put16(out, static_cast<std::uint16_t>(value >> 16U));
    put16(out, static_cast<std::uint16_t>(value & 0xFFFFU));
}

Screen greet_server(Channel& server, TimePoint deadline)
{
    const std::string version = text_of(read_bytes(server, 12, deadline));
    if (!version.starts_with("RFB 003."))
        no_rfb(text::quoted(version));
    const bool new_style = version >= "RFB 003.007";
    server.write(bytes_of(new_style ? "RFB 003.008\n" : "RFB 003.003\n"), {}, deadline);
    const Error password(Errc::precondition, "the console wants a password");
    if (new_style) {
        const auto count = std::to_integer<std::size_t>(read_bytes(server, 1, deadline).front());
        const Bytes types = read_bytes(server, count, deadline);
        if (std::find(types.begin(), types.end(), std::byte{1}) == types.end())
            throw password;
        server.write(Bytes{std::byte{1}}, {}, deadline);
        // 3.7 gives no result when there is no authentication.
        if (version >= "RFB 003.008" && be32(read_bytes(server, 4, deadline), 0) != 0)
            throw password;
    } else if (be32(read_bytes(server, 4, deadline), 0) != 1) {
        throw password;
    }
    server.write(Bytes{std::byte{1}}, {}, deadline); // others may look, too
    const Bytes init = read_bytes(server, 24, deadline);
    Screen screen{.width = be16(init, 0), .height = be16(init, 2)};
    screen.pixel_format.assign(init.begin() + 4, init.begin() + 20);
    const std::uint32_t length = be32(init, 20);
    if (length > longest_text)
        no_rfb("an impossible name");
    screen.name = text_of(read_bytes(server, length, deadline));
    return screen;
}

void greet_client(Channel& client, TimePoint deadline)
{
    client.write(bytes_of("RFB 003.008\n"), {}, deadline);
    const std::string version = text_of(read_bytes(client, 12, deadline));
    if (!version.starts_with("RFB 003."))
        throw Error(Errc::bad_data, "the viewer does not speak RFB");
    Bytes none;
    if (version >= "RFB 003.007") {
        client.write(Bytes{std::byte{1}, std::byte{1}}, {}, deadline);
        read_bytes(client, 1, deadline);
        if (version >= "RFB 003.008")
            put32(none, 0);
    } else {
        put32(none, 1);
    }
    client.write(none, {}, deadline);
    read_bytes(client, 1, deadline); // whether to share: we always do
}

Bytes encode(const Screen& screen)
{
    Bytes out;
    put16(out, screen.width);
    put16(out, screen.height);
    out.insert(out.end(), screen.pixel_format.begin(), screen.pixel_format.end());
    put32(out, static_cast<std::uint32_t>(screen.name.size()));
    const Bytes name = bytes_of(screen.name);
    out.insert(out.end(), name.begin(), name.end());
    return out;
}

Bytes set_pixel_format_32()
{
    // message 0, padding; 32 bits a pixel, depth 24, little-endian, true colour; maxima; shifts
    static constexpr std::string_view text{
        "\0\0\0\0\x20\x18\0\1\0\xff\0\xff\0\xff\x00\x08\x10\0\0\0", 20};
    return bytes_of(text);
}

Bytes set_encodings(std::span<const std::int32_t> encodings)
{
    Bytes out{std::byte{2}, std::byte{0}};
    put16(out, static_cast<std::uint16_t>(encodings.size()));
    for (const std::int32_t encoding : encodings)
        put32(out, static_cast<std::uint32_t>(encoding));
    return out;
}

Bytes update_request(bool incremental, std::uint16_t width, std::uint16_t height)
{
    Bytes out{std::byte{3}, static_cast<std::byte>(incremental ? 1 : 0)};
    put32(out, 0);
    put16(out, width);
    put16(out, height);
    return out;
}

} // namespace xvm::rfb
