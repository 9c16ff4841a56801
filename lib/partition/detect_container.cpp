// SPDX-License-Identifier: GPL-3.0-or-later
// Volumes that hold other volumes: RAID members, physical volumes, LUKS, swap, ZFS.
#include "detect.hpp"
#include "detect_md.hpp"
#include "sight.hpp"

#include <xenlab/bytes/crc32.hpp>

#include <fmt/format.h>

#include <string_view>

namespace xenlab::partition {
namespace {

using namespace std::string_view_literals;

// The label sector's CRC (lvm2 lib/misc/crc.c) starts from this value and is not inverted at the
// end; it covers the sector from byte 20 on.
constexpr std::uint32_t lvm_crc_start = 0xF597A6CF;

bool lvm_crc_is_right(bytes::View label)
{
    return ~bytes::crc32(label.subspan(20, 512 - 20), ~lvm_crc_start) == bytes::le32(label, 16);
}

// "AbcdeF-0123-4567-89ab-cdef-0123-456789"
std::string lvm_uuid(std::string_view id)
{
    std::string out;
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i >= 6 && i <= 26 && (i - 6) % 4 == 0)
            out += '-';
        out += id[i];
    }
    return out;
}

Detected lvm_label(bytes::View label, std::uint64_t sector)
{
    // Offsets: id 0, sector 8, crc 16, offset of the PV header 20, type 24.
    if (!has(label, 0, "LABELONE") || !has(label, 24, "LVM2 001") ||
        bytes::le64(label, 8) != sector || !lvm_crc_is_right(label))
        return std::nullopt;
    const std::uint32_t header = bytes::le32(label, 20);
    if (!holds(label, header, 32))
        return std::nullopt;
    return content_of("lvm2", {}, lvm_uuid(text_field(label.subspan(header, 32))), "LVM2 001");
}

} // namespace

Detected detect_lvm2(bytes::View head)
{
    for (std::size_t sector = 0; sector < 4; ++sector) {
        if (!holds(head, sector * 512, 512))
            break;
        if (auto found = lvm_label(head.subspan(sector * 512, 512), sector))
            return found;
    }
    return std::nullopt;
}

// Offsets as in the LUKS2 on-disk format, section 2.1: version 6, label 24, uuid 168, hdr_offset
// 256. LUKS1 has its uuid at the same place.
Detected detect_luks(bytes::View head)
{
    if (!has(head, 0, "LUKS\xBA\xBE"sv) || !holds(head, 0, 512))
        return std::nullopt;
    const std::uint16_t version = bytes::be16(head, 6);
    const std::string uuid = text_field(head.subspan(168, 40));
    if (version == 1)
        return content_of("luks", {}, uuid, "1");
    if (version == 2 && bytes::be64(head, 256) == 0)
        return content_of("luks", text_field(head.subspan(24, 48)), uuid, "2");
    return std::nullopt;
}

// linux/swap.h: the magic ends the first page, the header is at byte 1024: version 0, last page 4,
// uuid 12, volume name 28, zeros from 44 on.
Detected detect_swap(bytes::View head)
{
    for (std::size_t page = 4096; page <= 65536 && holds(head, 0, page); page *= 2) {
        const std::size_t at = page - 10;
        if (has(head, at, "SWAP-SPACE"))
            return content_of("swap", {}, {}, "0");
        const bool asleep = has(head, at, "S1SUSPEND") || has(head, at, "S2SUSPEND") ||
                            has(head, at, "ULSUSPEND") || has(head, at, "LINHIB0001");
        if (!asleep && !has(head, at, "SWAPSPACE2"))
            continue;
        const bytes::View header = head.subspan(1024, 256);
        const bool usable = (bytes::le32(header, 0) == 1 || bytes::be32(header, 0) == 1) &&
                            bytes::le32(header, 4) != 0;
        if (!asleep && !usable)
            continue;
        Content content = content_of(asleep ? "swsuspend" : "swap", {}, {}, asleep ? "" : "1");
        // Rubbish in the padding: a header from before there were labels.
        if (bytes::le64(header, 44 + 128) == 0) {
            content.uuid = format_uuid(header.subspan(12, 16));
            content.label = text_field(header.subspan(28, 16));
        }
        return content;
    }
    return std::nullopt;
}

namespace {

// An XDR-encoded nvlist: pairs of encoded size 0, decoded size 4, name length 8, name 12, then
// type, count and value, all big-endian and padded to 4 bytes. Only the outermost pairs are looked
// at.
struct ZfsLabel {
    std::string name;
    std::uint64_t pool_guid = 0;
};

void zfs_pair(bytes::View pair, ZfsLabel& label)
{
    constexpr std::uint32_t type_uint64 = 8;
    constexpr std::uint32_t type_string = 9;
    const std::uint32_t name_length = bytes::be32(pair, 8);
    const std::uint64_t value = 12 + ((std::uint64_t{name_length} + 3) & ~std::uint64_t{3});
    if (name_length > 64 || !holds(pair, static_cast<std::size_t>(value), 12))
        return;
    const std::string_view name = as_text(pair.subspan(12, name_length));
    const bytes::View data = pair.subspan(static_cast<std::size_t>(value));
    const std::uint32_t type = bytes::be32(data, 0);
    if (name == "pool_guid" && type == type_uint64 && holds(data, 8, 8))
        label.pool_guid = bytes::be64(data, 8);
    const std::uint32_t length = bytes::be32(data, 8);
    if (name == "name" && type == type_string && holds(data, 12, length))
        label.name = text_field(data.subspan(12, length));
}

} // namespace

// ZFS on-disk format 1.2.1: the first label's nvlist is at 16 KiB, behind a header of encoding (1 =
// XDR), endianness and two zeros, the list's version and flags.
Detected detect_zfs(bytes::View head)
{
    constexpr std::size_t at = 16 << 10;
    if (!holds(head, at, 16) || bytes::u8(head, at) != 1 || bytes::u8(head, at + 1) > 1 ||
        bytes::le16(head, at + 2) != 0 || bytes::be32(head, at + 4) != 0)
        return std::nullopt;
    ZfsLabel label;
    bytes::View rest = head.subspan(at + 12);
    while (rest.size() >= 24) {
        const std::uint32_t size = bytes::be32(rest, 0);
        if (size < 24 || size > rest.size())
            break;
        zfs_pair(rest.first(size), label);
        rest = rest.subspan(size);
    }
    if (label.pool_guid == 0)
        return std::nullopt;
    return content_of("zfs_member", label.name, fmt::format("{}", label.pool_guid));
}

} // namespace xenlab::partition
