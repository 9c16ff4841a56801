// SPDX-License-Identifier: GPL-3.0-or-later
// Filesystems of Linux.
#include "detect.hpp"
#include "sight.hpp"

#include <xenlab/bytes/crc32.hpp>

#include <fmt/format.h>

#include <string_view>

namespace xenlab::partition {
namespace {

using namespace std::string_view_literals;

// Feature bits: what ext2 and ext3 drivers know; anything else makes it an ext4
// (Documentation/filesystems/ ext4/super.rst, s_feature_*).
constexpr std::uint32_t compat_journal = 0x4;
constexpr std::uint32_t incompat_journal_device = 0x8;
constexpr std::uint32_t incompat_ext2 = 0x2 | 0x10;          // filetype, meta_bg
constexpr std::uint32_t incompat_ext3 = incompat_ext2 | 0x4; // and recover
constexpr std::uint32_t ro_compat_ext3 = 0x1 | 0x2 | 0x4;    // sparse_super, large_file, btree_dir
constexpr std::uint32_t ro_compat_bigalloc = 0x200;

std::string_view ext_generation(std::uint32_t compat, std::uint32_t incompat,
                                std::uint32_t ro_compat)
{
    if ((incompat & incompat_journal_device) != 0)
        return "jbd";
    const bool journal = (compat & compat_journal) != 0;
    const std::uint32_t known = journal ? incompat_ext3 : incompat_ext2;
    if ((ro_compat & ~ro_compat_ext3) != 0 || (incompat & ~known) != 0)
        return "ext4";
    return journal ? "ext3" : "ext2";
}

} // namespace

// The superblock is at byte 1024. Its magic has only two bytes, so the sizes must make sense too:
// blocks 4, first data block 20, log2 of the block size 24, blocks per group 32, clusters per group
// 36, magic 56, features 92-103.
Detected detect_ext(bytes::View head)
{
    if (!holds(head, 1024, 1024) || !has(head, 1024 + 56, "\x53\xEF"sv))
        return std::nullopt;
    const bytes::View sb = head.subspan(1024, 1024);
    const std::uint32_t log_block = bytes::le32(sb, 24);
    // A group's bitmap has a bit for each cluster, which is a block unless there is bigalloc.
    const bool clusters = (bytes::le32(sb, 100) & ro_compat_bigalloc) != 0;
    const std::uint32_t per_group = bytes::le32(sb, clusters ? 36 : 32);
    const std::uint32_t incompat = bytes::le32(sb, 96);
    if (log_block > 6 || bytes::le32(sb, 4) == 0)
        return std::nullopt;
    const bool journal_device = (incompat & incompat_journal_device) != 0;
    if (!journal_device && (bytes::le32(sb, 0) == 0 || bytes::le32(sb, 20) > 1 || per_group == 0 ||
                            per_group > 8 * (std::uint64_t{1024} << log_block)))
        return std::nullopt;
    const auto fs = ext_generation(bytes::le32(sb, 92), incompat, bytes::le32(sb, 100));
    return content_of(std::string(fs), text_field(sb.subspan(120, 16)),
                      format_uuid(sb.subspan(104, 16)),
                      fmt::format("{}.{}", bytes::le32(sb, 76), bytes::le16(sb, 62)));
}

// Big-endian. Block size 4, data blocks 8, uuid 32, AG blocks 84, AG count 88, sector size 102,
// inode size 104, name 108, their logarithms from 120 on.
Detected detect_xfs(bytes::View head)
{
    if (!has(head, 0, "XFSB") || !holds(head, 0, 512))
        return std::nullopt;
    const std::uint32_t block = bytes::be32(head, 4);
    const std::uint64_t blocks = bytes::be64(head, 8);
    const std::uint64_t ag_blocks = bytes::be32(head, 84);
    const std::uint64_t ag_count = bytes::be32(head, 88);
    const std::uint16_t sector = bytes::be16(head, 102);
    const std::uint16_t inode = bytes::be16(head, 104);
    const auto logarithm_fits = [&](std::size_t at, std::uint32_t value) {
        const std::uint8_t log = bytes::u8(head, at);
        return log < 32 && value == std::uint32_t{1} << log;
    };
    const bool sizes = block >= 512 && block <= 65536 && logarithm_fits(120, block) &&
                       sector >= 512 && sector <= 32768 && logarithm_fits(121, sector) &&
                       inode >= 256 && inode <= 2048 && logarithm_fits(122, inode) &&
                       bytes::u8(head, 127) <= 100;
    const bool fits = ag_count > 0 && blocks > 0 && blocks <= ag_count * ag_blocks &&
                      blocks >= (ag_count - 1) * ag_blocks + 64;
    if (!sizes || !fits)
        return std::nullopt;
    return content_of("xfs", text_field(head.subspan(108, 12)), format_uuid(head.subspan(32, 16)));
}

// The superblock is at 64 KiB: uuid 32, its own address 48, magic 64, sector size 144, label 299.
Detected detect_btrfs(bytes::View head)
{
    constexpr std::size_t at = 65536;
    if (!holds(head, at, 4096) || !has(head, at + 64, "_BHRfS_M"))
        return std::nullopt;
    const bytes::View sb = head.subspan(at, 4096);
    if (bytes::le64(sb, 48) != at || !power_of_two(bytes::le32(sb, 144)))
        return std::nullopt;
    return content_of("btrfs", text_field(sb.subspan(299, 256)), format_uuid(sb.subspan(32, 16)));
}

// At 64 KiB, or at 8 KiB in old ones: journal block 12, block size 44, magic 52, uuid 84, label
// 100.
Detected detect_reiserfs(bytes::View head)
{
    for (const std::size_t at : {std::size_t{64} << 10, std::size_t{8} << 10}) {
        if (!holds(head, at, 128))
            continue;
        const bytes::View sb = head.subspan(at, 128);
        const bool v36 = has(sb, 52, "ReIsEr2Fs") || has(sb, 52, "ReIsEr3Fs");
        const std::uint32_t block = bytes::le16(sb, 44);
        if ((!v36 && !has(sb, 52, "ReIsErFs")) || block < 512 || !power_of_two(block) ||
            at / block >= bytes::le32(sb, 12)) // a copy inside of the journal
            continue;
        if (!v36)
            return content_of("reiserfs", {}, {}, "3.5");
        return content_of("reiserfs", text_field(sb.subspan(100, 16)),
                          format_uuid(sb.subspan(84, 16)), has(sb, 52, "ReIsEr3Fs") ? "JR" : "3.6");
    }
    return std::nullopt;
}

// At 32 KiB: block size 16 and its logarithm 20, the factor between both 22, hardware block size 24
// and its logarithm 28, uuid 136, label 152.
Detected detect_jfs(bytes::View head)
{
    constexpr std::size_t at = 32768;
    if (!has(head, at, "JFS1") || !holds(head, at, 256))
        return std::nullopt;
    const bytes::View sb = head.subspan(at, 256);
    const std::uint16_t log = bytes::le16(sb, 20);
    const std::uint16_t hardware_log = bytes::le16(sb, 28);
    if (log > 31 || hardware_log > log || bytes::le32(sb, 16) != 1U << log ||
        bytes::le32(sb, 24) != 1U << hardware_log || log - hardware_log != bytes::le16(sb, 22))
        return std::nullopt;
    return content_of("jfs", text_field(sb.subspan(152, 16)), format_uuid(sb.subspan(136, 16)));
}

// Block size 12 and its logarithm 22, version 28.
Detected detect_squashfs(bytes::View head)
{
    if (!has(head, 0, "hsqs") || !holds(head, 0, 96))
        return std::nullopt;
    const std::uint16_t log = bytes::le16(head, 22);
    const std::uint16_t major = bytes::le16(head, 28);
    if (major != 4 || log < 12 || log > 20 || bytes::le32(head, 12) != 1U << log)
        return std::nullopt;
    return content_of("squashfs", {}, {}, fmt::format("{}.{}", major, bytes::le16(head, 30)));
}

// At byte 1024: version 4, place of the checksum 32, uuid 108, label in UTF-16 124. The CRC starts
// from the magic number and is not inverted.
Detected detect_f2fs(bytes::View head)
{
    constexpr std::uint32_t magic = 0xF2F52010;
    if (!holds(head, 1024, 4096) || bytes::le32(head, 1024) != magic)
        return std::nullopt;
    const bytes::View sb = head.subspan(1024, 4096);
    const std::uint32_t sum_at = bytes::le32(sb, 32);
    if (sum_at != 0 && (!holds(sb, sum_at, 4) ||
                        ~bytes::crc32(sb.first(sum_at), ~magic) != bytes::le32(sb, sum_at)))
        return std::nullopt;
    return content_of("f2fs", utf16le_field(sb.subspan(124, 1024)),
                      format_uuid(sb.subspan(108, 16)),
                      fmt::format("{}.{}", bytes::le16(sb, 4), bytes::le16(sb, 6)));
}

} // namespace xenlab::partition
