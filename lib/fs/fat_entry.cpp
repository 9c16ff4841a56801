// SPDX-License-Identifier: GPL-3.0-or-later
#include "fat_entry.hpp"

#include <algorithm>
#include <ctime>

namespace xenlab::fs::fat {

unsigned attributes_of(bytes::View entry)
{
    return bytes::u8(entry, 11);
}

std::uint32_t cluster_of(bytes::View entry, unsigned bits)
{
    const std::uint32_t low = bytes::le16(entry, 26);
    return bits == 32 ? low | std::uint32_t{bytes::le16(entry, 20)} << 16U : low;
}

std::uint32_t size_of(bytes::View entry)
{
    return bytes::le32(entry, 28);
}

ShortName name_of(bytes::View entry)
{
    ShortName name;
    for (std::size_t i = 0; i < name.size(); ++i)
        name[i] = static_cast<char>(bytes::u8(entry, i));
    return name;
}

std::optional<Time> modified_of(bytes::View entry)
{
    const unsigned time = bytes::le16(entry, 22), date = bytes::le16(entry, 24);
    if (date == 0)
        return std::nullopt;
    std::tm parts{};
    parts.tm_sec = static_cast<int>((time & 0x1fU) * 2);
    parts.tm_min = static_cast<int>(time >> 5U & 0x3fU);
    parts.tm_hour = static_cast<int>(time >> 11U);
    parts.tm_mday = static_cast<int>(date & 0x1fU);
    parts.tm_mon = static_cast<int>(date >> 5U & 0xfU) - 1;
    parts.tm_year = static_cast<int>(date >> 9U) + 80;
    return Time{::timegm(&parts), 0};
}

void set_cluster(std::span<std::byte> entry, std::uint32_t cluster)
{
    bytes::store_le(entry, 26, static_cast<std::uint16_t>(cluster));
    bytes::store_le(entry, 20, static_cast<std::uint16_t>(cluster >> 16U));
}

void set_name(std::span<std::byte> entry, const ShortName& name)
{
    std::transform(name.begin(), name.end(), entry.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
}

void set_modified(std::span<std::byte> entry, const std::optional<Time>& time)
{
    const std::time_t seconds = time ? time->seconds : std::time(nullptr);
    std::tm parts{};
    if (::gmtime_r(&seconds, &parts) == nullptr || parts.tm_year < 80 || parts.tm_year > 207) {
        parts = {};
        parts.tm_mday = 1;
        parts.tm_year = 80;
    }
    bytes::store_le(entry, 22,
                    static_cast<std::uint16_t>(parts.tm_hour << 11 | parts.tm_min << 5 |
                                               std::min(parts.tm_sec, 59) / 2));
    bytes::store_le(entry, 24,
                    static_cast<std::uint16_t>((parts.tm_year - 80) << 9 | (parts.tm_mon + 1) << 5 |
                                               parts.tm_mday));
}

} // namespace xenlab::fs::fat
