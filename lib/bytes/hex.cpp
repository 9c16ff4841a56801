// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/bytes/hex.hpp>

namespace xenlab::bytes {
namespace {

int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

std::string to_hex(View data, HexCase letters)
{
    const std::string_view digits =
        letters == HexCase::lower ? "0123456789abcdef" : "0123456789ABCDEF";
    std::string text;
    text.reserve(data.size() * 2);
    for (const std::byte b : data) {
        text += digits[std::to_integer<std::size_t>(b >> 4)];
        text += digits[std::to_integer<std::size_t>(b & std::byte{15})];
    }
    return text;
}

std::optional<std::vector<std::byte>> from_hex(std::string_view text)
{
    if (text.size() % 2 != 0)
        return std::nullopt;
    std::vector<std::byte> data;
    data.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit_value(text[i]);
        const int low = digit_value(text[i + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        data.push_back(static_cast<std::byte>(high << 4 | low));
    }
    return data;
}

} // namespace xenlab::bytes
