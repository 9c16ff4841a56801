// SPDX-License-Identifier: GPL-3.0-or-later
// BIOS parameter blocks as in Microsoft's FAT specification 1.03 section 3.1 and exFAT
// specification 3.1.
#include "fat.hpp"

#include "sight.hpp"

#include <xenlab/bytes/checked.hpp>

#include <algorithm>

namespace xenlab::partition {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t fat12_max = 0xFF4;
constexpr std::uint32_t fat16_max = 0xFFF4;
constexpr std::uint32_t fat32_max = 0x0FFFFFF6;

// A boot sector names its filesystem, or it at least ends like one. OS/2 wrote FAT-like headers in
// front of other filesystems.
bool looks_like_fat(bytes::View head)
{
    if (has(head, 82, "MSWIN") || has(head, 82, "FAT32   ") || has(head, 54, "MSDOS") ||
        has(head, 54, "FAT16   ") || has(head, 54, "FAT12   ") || has(head, 54, "FAT     "))
        return true;
    return bytes::be16(head, 510) == 0x55AA && !has(head, 54, "JFS     ") &&
           !has(head, 54, "HPFS    ");
}

struct Bpb {
    std::uint32_t sector;
    std::uint32_t per_cluster;
    std::uint32_t reserved;
    std::uint32_t fats;
    std::uint32_t root_entries;
    std::uint64_t sectors;
    std::uint64_t fat_sectors;
    bool fat32;
};

std::optional<Bpb> parse_bpb(bytes::View head)
{
    const std::uint32_t small = bytes::le16(head, 19);
    const std::uint32_t short_fat = bytes::le16(head, 22);
    const std::uint32_t long_fat = bytes::le32(head, 36);
    const Bpb b{.sector = bytes::le16(head, 11),
                .per_cluster = bytes::u8(head, 13),
                .reserved = bytes::le16(head, 14),
                .fats = bytes::u8(head, 16),
                .root_entries = bytes::le16(head, 17),
                .sectors = small != 0 ? small : bytes::le32(head, 32),
                .fat_sectors = short_fat != 0 ? short_fat : long_fat,
                .fat32 = short_fat == 0 && long_fat != 0};
    const std::uint8_t media = bytes::u8(head, 21);
    if (b.fats == 0 || b.reserved == 0 || (media < 0xF8 && media != 0xF0) ||
        !power_of_two(b.per_cluster) || !power_of_two(b.sector) || b.sector < 512 ||
        b.sector > 4096)
        return std::nullopt;
    return b;
}

// FAT32 keeps two signatures in its FSInfo sector; some formatters leave them zero.
bool fsinfo_fits(bytes::View head, const Bpb& b)
{
    const std::size_t at = std::size_t{bytes::le16(head, 48)} * b.sector;
    if (at == 0 || !holds(head, at, 512))
        return at == 0;
    const std::uint32_t first = bytes::le32(head, at);
    const std::uint32_t second = bytes::le32(head, at + 484);
    return (first == 0x41615252 || first == 0x41645252 || first == 0) &&
           (second == 0x61417272 || second == 0);
}

} // namespace

std::optional<FatGeometry> fat_geometry(bytes::View head)
{
    if (!holds(head, 0, 512) || !looks_like_fat(head))
        return std::nullopt;
    const auto b = parse_bpb(head);
    if (!b)
        return std::nullopt;
    const std::uint64_t root_size = std::uint64_t{b->root_entries} * 32;
    const std::uint64_t tables = b->reserved + b->fat_sectors * b->fats;
    const std::uint64_t before = tables + (root_size + b->sector - 1) / b->sector;
    if (b->sectors < before)
        return std::nullopt;
    const std::uint64_t clusters = (b->sectors - before) / b->per_cluster;
    if (clusters > (b->fat32 ? fat32_max : fat16_max) || (b->fat32 && !fsinfo_fits(head, *b)))
        return std::nullopt;
    FatGeometry g{.bits = b->fat32               ? 32U
                          : clusters > fat12_max ? 16U
                                                 : 12U,
                  .fat = std::uint64_t{b->reserved} * b->sector,
                  .heap = tables * b->sector,
                  .cluster_size = root_size,
                  .clusters = static_cast<std::uint32_t>(clusters)};
    if (b->fat32) {
        g.cluster_size = std::uint64_t{b->per_cluster} * b->sector;
        g.root_cluster = bytes::le32(head, 44);
    }
    return g;
}

namespace {

// exFAT specification 3.4: a rotating sum over the first 11 sectors but the volume flags (106, 107)
// and the percentage in use (112), repeated all over the twelfth.
bool exfat_sum_is_right(bytes::View head, std::size_t sector)
{
    if (!holds(head, 0, 12 * sector))
        return true; // 4096-byte sectors of a small read; the other rules have to do
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < 11 * sector; ++i)
        if (i != 106 && i != 107 && i != 112)
            sum = (sum << 31 | sum >> 1) + std::to_integer<std::uint32_t>(head[i]);
    for (std::size_t at = 11 * sector; at < 12 * sector; at += 4)
        if (bytes::le32(head, at) != sum)
            return false;
    return true;
}

} // namespace

// Offsets: FatOffset 80, FatLength 84, ClusterHeapOffset 88, ClusterCount 92, root cluster 96,
// shifts 108 and 109, NumberOfFats 110.
std::optional<FatGeometry> exfat_geometry(bytes::View head)
{
    if (!holds(head, 0, 512) || !has(head, 0, "\xEB\x76\x90"sv) || !has(head, 3, "EXFAT   ") ||
        bytes::be16(head, 510) != 0x55AA)
        return std::nullopt;
    const bytes::View zero = head.subspan(11, 53);
    const std::uint32_t sector_shift = bytes::u8(head, 108);
    const std::uint32_t cluster_shift = bytes::u8(head, 109);
    const std::uint64_t fats = bytes::u8(head, 110);
    const std::uint64_t fat = bytes::le32(head, 80);
    const std::uint64_t heap = bytes::le32(head, 88);
    const std::uint32_t clusters = bytes::le32(head, 92);
    const std::uint32_t root = bytes::le32(head, 96);
    if (std::any_of(zero.begin(), zero.end(), [](std::byte b) { return b != std::byte{0}; }) ||
        fats < 1 || fats > 2 || sector_shift < 9 || sector_shift > 12 ||
        cluster_shift > 25 - sector_shift || fat < 24 ||
        fat + bytes::le32(head, 84) * fats > heap || root < 2 || root - 2 >= clusters ||
        !exfat_sum_is_right(head, std::size_t{1} << sector_shift))
        return std::nullopt;
    return FatGeometry{.bits = 64,
                       .fat = fat << sector_shift,
                       .heap = heap << sector_shift,
                       .cluster_size = std::uint64_t{1} << (sector_shift + cluster_shift),
                       .clusters = clusters,
                       .root_cluster = root};
}

namespace {

// A size in clusters, or, if negative, the logarithm of a size in bytes.
std::optional<std::uint32_t> ntfs_record_size(std::uint8_t stored, std::uint64_t cluster)
{
    constexpr std::uint64_t largest = 64 << 10;
    const std::uint64_t size = stored < 0x80    ? stored * cluster
                               : stored >= 0xE1 ? std::uint64_t{1} << (0x100 - stored)
                                                : 0;
    if (!power_of_two(size) || size < 256 || size > largest)
        return std::nullopt;
    return static_cast<std::uint32_t>(size);
}

} // namespace

// Offsets: bytes per sector 11, sectors per cluster 13 (above 128: 256 less the logarithm), fields
// that only FAT uses 14-20, 22 and 32, sectors 40, $MFT 48, $MFTMirr 56, record size 64.
std::optional<NtfsGeometry> ntfs_geometry(bytes::View head)
{
    if (!holds(head, 0, 512) || !has(head, 3, "NTFS    "))
        return std::nullopt;
    const std::uint64_t sector = bytes::le16(head, 11);
    const std::uint8_t stored = bytes::u8(head, 13);
    const bool logarithm = stored >= 240 && stored <= 249;
    const std::uint64_t per_cluster = logarithm ? std::uint64_t{1} << (256 - stored) : stored;
    const bool fat_fields = bytes::le32(head, 14) != 0 || bytes::le16(head, 18) != 0 ||
                            bytes::u8(head, 20) != 0 || bytes::le16(head, 22) != 0 ||
                            bytes::le32(head, 32) != 0;
    if (sector < 256 || sector > 4096 || !power_of_two(sector) || !power_of_two(per_cluster) ||
        sector * per_cluster > (2U << 20) || fat_fields)
        return std::nullopt;
    const std::uint64_t clusters = bytes::le64(head, 40) / per_cluster;
    const std::uint64_t mft = bytes::le64(head, 48);
    const auto record = ntfs_record_size(bytes::u8(head, 64), sector * per_cluster);
    const auto at = bytes::checked_mul(mft, sector * per_cluster);
    if (mft > clusters || bytes::le64(head, 56) > clusters || !record || !at)
        return std::nullopt;
    return NtfsGeometry{.mft = *at, .record_size = *record};
}

} // namespace xenlab::partition
