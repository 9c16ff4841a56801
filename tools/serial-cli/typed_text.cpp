// SPDX-License-Identifier: GPL-3.0-or-later
#include "typed_text.hpp"

#include <xenlab/bytes/hex.hpp>
#include <xenlab/serial/sha256.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::serial_cli {
namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// CRC of POSIX cksum: most significant bit first, followed by the length.
std::uint32_t posix_cksum(View data)
{
    std::uint32_t crc = 0;
    const auto add = [&crc](unsigned octet) {
        crc ^= octet << 24U;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 0x8000'0000U) != 0 ? crc << 1U ^ 0x04C1'1DB7U : crc << 1U;
    };
    for (std::size_t i = 0; i < data.size(); ++i)
        add(bytes::u8(data, i));
    for (std::size_t length = data.size(); length > 0; length >>= 8U)
        add(static_cast<unsigned>(length & 0xFFU));
    return ~crc;
}

} // namespace

std::string shell_quoted(std::string_view text)
{
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string typed_octal(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        const bool plain = octet < 0x80 && letters.substr(0, 62).find(c) != std::string_view::npos;
        out += plain ? std::string(1, c) : fmt::format("\\0{:03o}", octet);
    }
    return out;
}

std::string base64(View data)
{
    std::string out;
    for (std::size_t i = 0; i < data.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, data.size() - i);
        std::uint32_t word = 0;
        for (std::size_t k = 0; k < 3; ++k)
            word = word << 8U | (k < left ? bytes::u8(data, i + k) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            out += k <= left ? letters[word >> (18 - 6 * k) & 63U] : '=';
    }
    return out;
}

std::optional<Buffer> from_base64(std::string_view text)
{
    Buffer out;
    std::uint32_t word = 0;
    unsigned count = 0, padding = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r' || c == ' ')
            continue;
        const std::size_t value = letters.find(c);
        padding += c == '=' ? 1U : 0U;
        if ((value == std::string_view::npos && c != '=') || (padding > 0 && c != '=') ||
            padding > 2)
            return std::nullopt;
        word = word << 6U | (c == '=' ? 0U : static_cast<std::uint32_t>(value));
        if (++count % 4 != 0)
            continue;
        for (unsigned k = 0; k < 3 - padding; ++k)
            out.push_back(static_cast<std::byte>(word >> (16 - 8 * k) & 0xFFU));
    }
    if (count % 4 != 0)
        return std::nullopt;
    return out;
}

std::string typed_sum(TypedSum kind, View text)
{
    if (kind == TypedSum::cksum)
        return std::to_string(posix_cksum(text));
    serial::Sha256 hash;
    hash.update(text);
    return bytes::to_hex(hash.digest());
}

} // namespace xenlab::serial_cli
