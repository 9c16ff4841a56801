// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpt.hpp"

#include "sight.hpp"

#include <xenlab/bytes/crc32.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xenlab::partition {
namespace {

constexpr std::size_t header_size = 92; ///< the fields of revision 1.0
constexpr std::size_t crc_at = 16;
constexpr std::uint32_t entry_size_min = 128;
constexpr std::uint32_t entry_size_max = 4096; ///< "128 x 2^n"; no tool writes other than 128

// The CRC covers HeaderSize bytes with its own field as zero.
bool crc_is_right(bytes::View header)
{
    constexpr std::array<std::byte, 4> zero{};
    std::uint32_t crc = bytes::crc32(header.first(crc_at));
    crc = bytes::crc32(zero, crc);
    crc = bytes::crc32(header.subspan(crc_at + zero.size()), crc);
    return crc == bytes::le32(header, crc_at);
}

GptHeader fields_of(bytes::View sector)
{
    return {.lba = bytes::le64(sector, 24),
            .alternate = bytes::le64(sector, 32),
            .first_usable = bytes::le64(sector, 40),
            .last_usable = bytes::le64(sector, 48),
            .disk_guid = format_guid(sector.subspan(56, 16)),
            .entries_lba = bytes::le64(sector, 72),
            .entry_count = bytes::le32(sector, 80),
            .entry_size = bytes::le32(sector, 84),
            .entries_crc = bytes::le32(sector, 88)};
}

} // namespace

bool GptHeader::same_table(const GptHeader& other) const
{
    return disk_guid == other.disk_guid && first_usable == other.first_usable &&
           last_usable == other.last_usable && entry_count == other.entry_count &&
           entry_size == other.entry_size && entries_crc == other.entries_crc;
}

std::variant<GptHeader, Unsound> parse_gpt_header(bytes::View sector, std::uint64_t lba)
{
    if (!has(sector, 0, gpt_signature) || sector.size() < header_size)
        return Unsound{"it is not there"};
    const std::uint32_t size = bytes::le32(sector, 12);
    if (size < header_size || size > sector.size())
        return Unsound{fmt::format("its size of {} bytes is impossible", size)};
    if (!crc_is_right(sector.first(size)))
        return Unsound{"its checksum is wrong"};
    const GptHeader header = fields_of(sector);
    if (header.lba != lba)
        return Unsound{fmt::format("it belongs to sector {}", header.lba)};
    if (header.first_usable > header.last_usable)
        return Unsound{"it leaves no room for partitions"};
    if (header.entry_size < entry_size_min || header.entry_size > entry_size_max ||
        header.entry_size % 8 != 0)
        return Unsound{fmt::format("its entry size of {} bytes is impossible", header.entry_size)};
    return header;
}

std::optional<GptEntry> parse_gpt_entry(bytes::View data)
{
    const bytes::View type = data.first(16);
    if (std::all_of(type.begin(), type.end(), [](std::byte b) { return b == std::byte{0}; }))
        return std::nullopt;
    return GptEntry{.type = format_guid(type),
                    .uuid = format_guid(data.subspan(16, 16)),
                    .first = bytes::le64(data, 32),
                    .last = bytes::le64(data, 40),
                    .attributes = bytes::le64(data, 48),
                    .name = utf16le_field(data.subspan(56, 72))};
}

} // namespace xenlab::partition
