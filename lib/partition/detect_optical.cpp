// SPDX-License-Identifier: GPL-3.0-or-later
// Filesystems of optical media.
#include "detect.hpp"
#include "sight.hpp"

#include <xenlab/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace xenlab::partition {
namespace {

constexpr std::size_t descriptors_at = 32768;
constexpr std::size_t descriptor_size = 2048;
constexpr std::size_t max_descriptors = 16;

bytes::View descriptor(bytes::View head, std::size_t index)
{
    const std::size_t at = descriptors_at + index * descriptor_size;
    return holds(head, at, descriptor_size) ? head.subspan(at, descriptor_size) : bytes::View{};
}

// ECMA-119 8.4.26.1: 16 digits of date and time and an offset; all of them '0' and 0 if it is not
// set.
std::string iso_date(bytes::View date)
{
    const std::string_view digits = as_text(date.first(16));
    if (digits.find_first_not_of('0') == std::string_view::npos && bytes::u8(date, 16) == 0)
        return {};
    const auto part = [&](std::size_t at, std::size_t length) {
        return text_field(date.subspan(at, length));
    };
    return fmt::format("{}-{}-{}-{}-{}-{}-{}", part(0, 4), part(4, 2), part(6, 2), part(8, 2),
                       part(10, 2), part(12, 2), part(14, 2));
}

char upper(char c)
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// Joliet has half the length, the primary descriptor only a few characters and '_' for the others.
// If one is the other's beginning, they are put together.
std::string joliet_label(bytes::View joliet, bytes::View primary)
{
    const std::string wide = utf16be_field(joliet);
    const std::string narrow = text_field(primary);
    std::string_view rest = wide;
    std::string out;
    std::size_t at = 0;
    for (; at < narrow.size() && !rest.empty(); ++at) {
        const char32_t c = text::next_code_point(rest).value_or('_');
        const char n = narrow[at];
        if (n != '_' && c != U'_' && (c > 0x7F || upper(static_cast<char>(c)) != upper(n)))
            return wide;
        text::append_utf8(out, c == U'_' ? static_cast<unsigned char>(n) : c);
    }
    return rest.empty() ? out + narrow.substr(std::min(at, narrow.size())) : wide;
}

bool is_joliet(bytes::View d)
{
    return bytes::u8(d, 0) == 2 && (has(d, 88, "%/@") || has(d, 88, "%/C") || has(d, 88, "%/E"));
}

} // namespace

// ECMA-119 section 8: type 0, "CD001" 1, volume identifier 40, block size 128, creation date 813,
// modification date 830.
Detected detect_iso9660(bytes::View head)
{
    bytes::View primary;
    bytes::View joliet;
    for (std::size_t i = 0; i < max_descriptors; ++i) {
        const bytes::View d = descriptor(head, i);
        if (!has(d, 1, "CD001") || bytes::u8(d, 0) == 0xFF)
            break;
        if (primary.empty() && bytes::u8(d, 0) == 1)
            primary = d;
        if (joliet.empty() && is_joliet(d))
            joliet = d;
    }
    if (primary.empty() || bytes::le16(primary, 128) == 0)
        return std::nullopt;
    std::string uuid = iso_date(primary.subspan(830, 17));
    if (uuid.empty())
        uuid = iso_date(primary.subspan(813, 17));
    const bytes::View id = primary.subspan(40, 32);
    return content_of("iso9660",
                      joliet.empty() ? text_field(id) : joliet_label(joliet.subspan(40, 32), id),
                      uuid, joliet.empty() ? "" : "Joliet Extension");
}

// ECMA-167 2/8.3: the recognition sequence goes on over the descriptors of other standards.
Detected detect_udf(bytes::View head)
{
    for (std::size_t i = 0; i < max_descriptors; ++i) {
        const bytes::View d = descriptor(head, i);
        if (has(d, 1, "NSR02") || has(d, 1, "NSR03"))
            return content_of("udf", {}, {});
        if (!has(d, 1, "BEA01") && !has(d, 1, "BOOT2") && !has(d, 1, "CD001") &&
            !has(d, 1, "CDW02") && !has(d, 1, "TEA01"))
            break;
    }
    return std::nullopt;
}

} // namespace xenlab::partition
