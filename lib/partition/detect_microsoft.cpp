// SPDX-License-Identifier: GPL-3.0-or-later
// Filesystems of DOS and Windows.
#include "detect.hpp"
#include "fat.hpp"
#include "sight.hpp"

#include <fmt/format.h>

#include <string_view>

namespace xenlab::partition {
namespace {

using namespace std::string_view_literals;

// BitLocker's GUID 4967D63B-2E29-4AD8-8399-F6A339E3D001 as stored; libbde, "BDE format", section 2.
constexpr auto bitlocker_guid =
    "\x3B\xD6\x67\x49\x29\x2E\xD8\x4A\x83\x99\xF6\xA3\x39\xE3\xD0\x01"sv;

std::string serial(bytes::View head, std::size_t at)
{
    return fmt::format("{:04X}-{:04X}", bytes::le16(head, at + 2), bytes::le16(head, at));
}

// The label in the boot sector is valid after the extended signature 29h; a volume without a label
// says so in words. Only a fall-back: Windows keeps it in the root directory.
std::string bpb_label(bytes::View head, std::size_t signature_at)
{
    const std::size_t at = signature_at + 5;
    if (bytes::u8(head, signature_at) != 0x29 || has(head, at, "NO NAME    "))
        return {};
    return text_field(head.subspan(at, 11));
}

} // namespace

// Windows Vista begins like its NTFS, Windows 7 like FAT32 with the GUID at 160, To Go like FAT32
// with the GUID at 424.
Detected detect_bitlocker(bytes::View head)
{
    const bool vista = has(head, 0, "\xEB\x52\x90-FVE-FS-"sv);
    const bool win7 = has(head, 0, "\xEB\x58\x90-FVE-FS-"sv) && has(head, 160, bitlocker_guid);
    const bool to_go = has(head, 0, "\xEB\x58\x90MSWIN4.1"sv) && has(head, 424, bitlocker_guid);
    if (!holds(head, 0, 512) || (!vista && !win7 && !to_go))
        return std::nullopt;
    return content_of("bitlocker", {}, {});
}

// The extended signature is at 38 with 12 and 16 bits and at 66 with 32, the serial number behind
// it.
Detected detect_vfat(bytes::View head)
{
    const auto g = fat_geometry(head);
    if (!g)
        return std::nullopt;
    const std::size_t signature_at = g->bits == 32 ? 66 : 38;
    const std::uint8_t signature = bytes::u8(head, signature_at);
    const bool numbered = g->bits == 32 || signature == 0x28 || signature == 0x29;
    return content_of("vfat", bpb_label(head, signature_at),
                      numbered ? serial(head, signature_at + 1) : std::string{},
                      fmt::format("FAT{}", g->bits));
}

Detected detect_ntfs(bytes::View head)
{
    if (!ntfs_geometry(head))
        return std::nullopt;
    return content_of("ntfs", {}, fmt::format("{:016X}", bytes::le64(head, 72)));
}

Detected detect_exfat(bytes::View head)
{
    if (!exfat_geometry(head))
        return std::nullopt;
    return content_of("exfat", {}, serial(head, 100),
                      fmt::format("{}.{}", bytes::u8(head, 105), bytes::u8(head, 104)));
}

Detected detect_refs(bytes::View head)
{
    if (!has(head, 0, "\0\0\0ReFS\0"sv))
        return std::nullopt;
    return content_of("refs", {}, {});
}

} // namespace xenlab::partition
