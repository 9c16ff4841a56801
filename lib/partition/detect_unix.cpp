// SPDX-License-Identifier: GPL-3.0-or-later
// Filesystems of Apple and BSD.
#include "detect.hpp"
#include "sight.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace xenlab::partition {
namespace {

// Apple Technical Note 1150, HFS Plus: signature 0, version 2, block size 40, blocks 44.
bool is_hfsplus(bytes::View header)
{
    const bool plus = has(header, 0, "H+") && bytes::be16(header, 2) == 4;
    const bool x = has(header, 0, "HX") && bytes::be16(header, 2) == 5;
    const std::uint32_t block = bytes::be32(header, 40);
    return (plus || x) && block >= 512 && power_of_two(block) && bytes::be32(header, 44) != 0;
}

// Inside Macintosh, Files: signature 0, blocks 18, block size 20, name 36 (a Pascal string),
// embedded volume's signature 124.
bool is_hfs(bytes::View header)
{
    const std::uint32_t block = bytes::be32(header, 20);
    return has(header, 0, "BD") && block != 0 && block % 512 == 0 && bytes::be16(header, 18) != 0 &&
           bytes::u8(header, 36) <= 27;
}

} // namespace

// blkid's uuid of both is a hash, and HFS+ keeps its name in a tree: neither is looked for.
Detected detect_hfs(bytes::View head)
{
    if (!holds(head, 1024, 512))
        return std::nullopt;
    const bytes::View header = head.subspan(1024, 512);
    if (is_hfsplus(header))
        return content_of("hfsplus", {}, {});
    if (!is_hfs(header))
        return std::nullopt;
    if (has(header, 124, "H+") || has(header, 124, "HX"))
        return content_of("hfsplus", {}, {});
    return content_of("hfs", text_field(header.subspan(37, bytes::u8(header, 36))), {});
}

namespace {

// Apple File System Reference, "Objects": Fletcher's checksum with 32-bit words over all but
// itself.
std::uint64_t apfs_sum(bytes::View block)
{
    constexpr std::uint64_t modulus = 0xFFFFFFFF;
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    for (std::size_t at = 8; at < block.size(); at += 4) {
        low += bytes::le32(block, at);
        high += low;
    }
    const std::uint64_t first = modulus - (low + high) % modulus;
    const std::uint64_t second = modulus - (low + first) % modulus;
    return second << 32 | first;
}

} // namespace

// Checksum 0, type 24 (1: container), subtype 28, "NXSB" 32, block size 36, uuid 72.
Detected detect_apfs(bytes::View head)
{
    if (!has(head, 32, "NXSB") || !holds(head, 0, 4096) || bytes::le16(head, 24) != 1 ||
        bytes::le32(head, 28) != 0 || bytes::le32(head, 36) != 4096 ||
        apfs_sum(head.first(4096)) != bytes::le64(head, 0))
        return std::nullopt;
    return content_of("apfs", {}, format_uuid(head.subspan(72, 16)));
}

namespace {

template <typename Load>
Detected ufs_fields(bytes::View sb, Load load)
{
    constexpr std::uint32_t ufs1 = 0x00011954;
    constexpr std::uint32_t ufs2 = 0x19540119;
    const std::uint32_t magic = load(sb, 1372);
    const std::uint32_t block = load(sb, 48);
    const std::uint32_t fragment = load(sb, 52);
    if ((magic != ufs1 && magic != ufs2) || !power_of_two(block) || block < 4096 || block > 65536 ||
        !power_of_two(fragment) || fragment < 512 || fragment > block)
        return std::nullopt;
    const std::uint32_t id = load(sb, 144);
    const std::uint32_t id2 = load(sb, 148);
    return content_of("ufs", magic == ufs2 ? text_field(sb.subspan(680, 32)) : std::string{},
                      id != 0 || id2 != 0 ? fmt::format("{:08x}{:08x}", id, id2) : std::string{},
                      magic == ufs2 ? "2" : "1");
}

} // namespace

// FreeBSD sys/ufs/ffs/fs.h: at 64 KiB (UFS2) or 8 KiB (UFS1), in the byte order of the machine.
// Block size 48, fragment size 52, id 144, volume name 680, magic 1372.
Detected detect_ufs(bytes::View head)
{
    for (const std::size_t at : {std::size_t{64} << 10, std::size_t{8} << 10}) {
        if (!holds(head, at, 1376))
            continue;
        const bytes::View sb = head.subspan(at, 1376);
        if (auto found = ufs_fields(sb, bytes::le32))
            return found;
        if (auto found = ufs_fields(sb, bytes::be32))
            return found;
    }
    return std::nullopt;
}

} // namespace xenlab::partition
