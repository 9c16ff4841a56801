// SPDX-License-Identifier: GPL-3.0-or-later
#include "png.hpp"

#include <xenlab/bytes/crc32.hpp>

#include <algorithm>
#include <string_view>

namespace xvm {
namespace {

void put32(std::string& out, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift & 0xFFU);
}

void chunk(std::string& out, std::string_view type, std::string_view data)
{
    put32(out, static_cast<std::uint32_t>(data.size()));
    const std::size_t start = out.size();
    out += type;
    out += data;
    put32(out,
          xenlab::bytes::crc32(std::as_bytes(std::span(out.data() + start, out.size() - start))));
}

std::uint32_t adler32(std::string_view data)
{
    std::uint32_t a = 1, b = 0;
    for (const char c : data) {
        a = (a + static_cast<unsigned char>(c)) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16U | a;
}

/// RFC 1950 and 1951: stored blocks.
std::string stored(std::string_view data)
{
    static constexpr std::size_t most = 65535;
    std::string out("\x78\x01", 2);
    do {
        const std::string_view part = data.substr(0, most);
        data.remove_prefix(part.size());
        const auto length = static_cast<std::uint32_t>(part.size());
        out += data.empty() ? '\1' : '\0';
        for (const std::uint32_t number : {length, ~length}) {
            out += static_cast<char>(number & 0xFFU);
            out += static_cast<char>(number >> 8U & 0xFFU);
        }
        out += part;
    } while (!data.empty());
    return out;
}

} // namespace

std::string encode_png(std::uint32_t width, std::uint32_t height, std::span<const std::byte> rgb)
{
    const std::size_t row = std::size_t{3} * width;
    std::string lines;
    lines.reserve((row + 1) * height);
    for (std::size_t y = 0; y < height; ++y) {
        lines += '\0'; // no filter
        for (const std::byte b : rgb.subspan(y * row, row))
            lines += static_cast<char>(b);
    }
    std::string out = "\x89PNG\r\n\x1a\n";
    std::string header;
    put32(header, width);
    put32(header, height);
    header += std::string("\x08\x02\x00\x00\x00", 5); // 8 bits, RGB
    chunk(out, "IHDR", header);
    std::string data = stored(lines);
    put32(data, adler32(lines));
    chunk(out, "IDAT", data);
    chunk(out, "IEND", "");
    return out;
}

} // namespace xvm
