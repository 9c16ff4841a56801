// SPDX-License-Identifier: GPL-3.0-or-later
#include "mbr.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::partition {
namespace {

MbrEntry parse_entry(bytes::View entry)
{
    return {.flag = bytes::u8(entry, 0),
            .type = bytes::u8(entry, 4),
            .start = bytes::le32(entry, 8),
            .sectors = bytes::le32(entry, 12)};
}

} // namespace

bool Mbr::plausible() const
{
    return std::all_of(entries.begin(), entries.end(),
                       [](const MbrEntry& e) { return e.flag == 0 || e.flag == 0x80; });
}

bool Mbr::protective() const
{
    return std::any_of(entries.begin(), entries.end(),
                       [](const MbrEntry& e) { return e.type == type_protective; });
}

bool Mbr::empty() const
{
    return std::none_of(entries.begin(), entries.end(), [](const MbrEntry& e) { return e.used(); });
}

Mbr parse_mbr(bytes::View sector)
{
    Mbr mbr;
    if (sector.size() < 512)
        return mbr;
    mbr.signed_ = bytes::be16(sector, 510) == 0x55AA;
    mbr.disk_signature = bytes::le32(sector, 440);
    for (std::size_t i = 0; i < mbr.entries.size(); ++i)
        mbr.entries[i] = parse_entry(sector.subspan(446 + 16 * i, 16));
    return mbr;
}

std::string format_type(std::uint8_t type)
{
    return fmt::format("{:#04x}", type);
}

} // namespace xenlab::partition
