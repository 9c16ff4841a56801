// SPDX-License-Identifier: GPL-3.0-or-later
#include "sight.hpp"

#include <xenlab/base/utf8.hpp>
#include <xenlab/bytes/hex.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace xenlab::partition {
namespace {

std::string trimmed(std::string text)
{
    text.erase(text.find_last_not_of(" \t\n\v\f\r") + 1);
    return text;
}

constexpr char32_t replacement = 0xFFFD;

} // namespace

std::string text_field(bytes::View field)
{
    std::string_view rest = as_text(field);
    rest = rest.substr(0, rest.find('\0'));
    std::string out;
    while (!rest.empty())
        text::append_utf8(out, text::next_code_point(rest).value_or(replacement));
    return trimmed(std::move(out));
}

std::string utf16le_field(bytes::View field)
{
    std::size_t length = 0;
    while (length + 1 < field.size() && bytes::le16(field, length) != 0)
        length += 2;
    return trimmed(text::utf16le_to_utf8(as_text(field.first(length))));
}

std::string utf16be_field(bytes::View field)
{
    std::vector<std::byte> swapped(field.begin(), field.end());
    for (std::size_t i = 0; i + 1 < swapped.size(); i += 2)
        std::swap(swapped[i], swapped[i + 1]);
    return utf16le_field(swapped);
}

std::string format_uuid(bytes::View id)
{
    const bytes::View data = id.first(16);
    if (std::all_of(data.begin(), data.end(), [](std::byte b) { return b == std::byte{0}; }))
        return {};
    const auto part = [&](std::size_t at, std::size_t length) {
        return bytes::to_hex(data.subspan(at, length));
    };
    return fmt::format("{}-{}-{}-{}-{}", part(0, 4), part(4, 2), part(6, 2), part(8, 2),
                       part(10, 6));
}

std::string format_guid(bytes::View id)
{
    return fmt::format("{:08X}-{:04X}-{:04X}-{}-{}", bytes::le32(id, 0), bytes::le16(id, 4),
                       bytes::le16(id, 6), bytes::to_hex(id.subspan(8, 2), bytes::HexCase::upper),
                       bytes::to_hex(id.subspan(10, 6), bytes::HexCase::upper));
}

} // namespace xenlab::partition
