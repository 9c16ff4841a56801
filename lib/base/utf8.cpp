// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/utf8.hpp>

namespace xenlab::text {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}

struct Lead {
    std::size_t length;
    char32_t bits;
    char32_t least; ///< smaller values would be overlong
};

std::optional<Lead> classify(unsigned char lead)
{
    if (lead < 0x80)
        return Lead{1, lead, 0};
    if ((lead & 0xE0U) == 0xC0)
        return Lead{2, lead & 0x1FU, 0x80};
    if ((lead & 0xF0U) == 0xE0)
        return Lead{3, lead & 0x0FU, 0x800};
    if ((lead & 0xF8U) == 0xF0)
        return Lead{4, lead & 0x07U, 0x10000};
    return std::nullopt;
}

std::optional<char32_t> decode(std::string_view text, const Lead& lead)
{
    if (lead.length > text.size())
        return std::nullopt;
    char32_t value = lead.bits;
    for (std::size_t i = 1; i < lead.length; ++i) {
        if ((byte_at(text, i) & 0xC0U) != 0x80)
            return std::nullopt;
        value = value << 6 | (byte_at(text, i) & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < lead.least || value > 0x10FFFF || surrogate)
        return std::nullopt;
    return value;
}

} // namespace

std::optional<char32_t> next_code_point(std::string_view& rest) noexcept
{
    const auto lead = classify(byte_at(rest, 0));
    const auto value = lead ? decode(rest, *lead) : std::nullopt;
    rest.remove_prefix(value ? lead->length : 1);
    return value;
}

void append_utf8(std::string& text, char32_t c)
{
    const auto put = [&](char32_t bits) { text += static_cast<char>(bits); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6);
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

std::string utf16le_to_utf8(std::string_view bytes)
{
    const auto unit = [&](std::size_t at) {
        return static_cast<char32_t>(byte_at(bytes, at) | byte_at(bytes, at + 1) << 8);
    };
    std::string out;
    for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
        char32_t c = unit(at);
        const bool high = c >= 0xD800 && c < 0xDC00;
        if (high && at + 3 < bytes.size() && (unit(at + 2) & 0xFC00U) == 0xDC00) {
            c = 0x10000 + ((c - 0xD800) << 10) + (unit(at + 2) - 0xDC00);
            at += 2;
        } else if (c >= 0xD800 && c <= 0xDFFF) {
            c = 0xFFFD;
        }
        append_utf8(out, c);
    }
    return out;
}

} // namespace xenlab::text
