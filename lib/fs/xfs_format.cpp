// SPDX-License-Identifier: GPL-3.0-or-later
#include "xfs_format.hpp"

#include "unix_mode.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ext2fs/ext2fs.h>

namespace xenlab::fs::xfs {
namespace {

// Of sb_versionnum and sb_features2, version 4.
constexpr unsigned directories_v2 = 0x2000, ascii_ci = 0x4000, more_bits = 0x8000;
constexpr std::uint32_t entry_types_v4 = 0x200;
// Of sb_features_incompat, version 5. The others are file types in directories, sparse inode
// chunks, a second UUID, times of 64 bits, many extents, exchanged ranges, parent pointers and a
// tree of metadata: none changes where things are.
constexpr std::uint32_t incompat_entry_types = 1, incompat_needs_repair = 16;
constexpr std::uint32_t incompat_known = 0x1ff;

// Of di_flags and di_flags2.
constexpr unsigned flag_realtime = 1;
constexpr std::uint64_t flag_bigtime = 8, flag_many_extents = 16;

std::uint32_t crc32c(std::uint32_t seed, bytes::View data)
{
    return ext2fs_crc32c_le(seed, reinterpret_cast<const unsigned char*>(data.data()), // NOLINT
                            data.size());
}

/// Nanoseconds from the first second of 32 bits on, or seconds and nanoseconds.
Time time_of(std::uint64_t raw, bool big)
{
    constexpr std::uint64_t billion = 1'000'000'000;
    if (big)
        return {static_cast<std::int64_t>(raw / billion) + INT32_MIN,
                static_cast<std::uint32_t>(raw % billion)};
    return {static_cast<std::int32_t>(raw >> 32U),
            std::min(static_cast<std::uint32_t>(raw), 999'999'999U)};
}

void refuse_unknown(bytes::View super)
{
    const unsigned version = bytes::be16(super, 100);
    const unsigned number = version & 0xfU;
    const std::uint32_t incompat = bytes::be32(super, 216);
    if (number < 4 || number > 5 || (number == 4 && (version & directories_v2) == 0))
        throw Error(Errc::precondition, fmt::format("version {} of XFS is not supported", number));
    if (number == 5 && (incompat & ~incompat_known) != 0)
        throw Error(
            Errc::precondition,
            fmt::format("XFS features are not supported: 0x{:x}", incompat & ~incompat_known),
            "serve the disk with xva-disk --nbd and read it with guestfish");
    if (bytes::u8(super, 126) != 0)
        throw Error(Errc::precondition, "the XFS volume was not made to the end");
}

} // namespace

Error damaged(std::string_view what)
{
    return {Errc::bad_data, fmt::format("the XFS volume is damaged: {}", what)};
}

std::uint64_t Geometry::byte_of(std::uint64_t block, std::uint64_t count) const
{
    const std::uint64_t group = block >> group_block_bits;
    const std::uint64_t inside = block & ((std::uint64_t{1} << group_block_bits) - 1);
    if (group >= groups || inside >= group_blocks || count > group_blocks - inside)
        throw damaged("a file claims blocks that are not there");
    const std::uint64_t at = group * group_blocks + inside;
    if (at >= blocks || count > blocks - at)
        throw damaged("a file claims blocks past the end of the filesystem");
    return at * block_size;
}

std::uint64_t Geometry::byte_of_inode(std::uint64_t number) const
{
    const std::uint64_t place = number & ((std::uint64_t{1} << inodes_per_block_bits) - 1);
    return byte_of(number >> inodes_per_block_bits, 1) + place * inode_size;
}

Geometry read_geometry(block::BlockDevice& volume)
{
    std::array<std::byte, 512> super{};
    volume.read(0, super);
    refuse_unknown(super);
    const unsigned version = bytes::be16(super, 100);
    Geometry g;
    const unsigned block_bits = bytes::u8(super, 120), inode_bits = bytes::u8(super, 122);
    const unsigned directory_bits = block_bits + bytes::u8(super, 192);
    g.group_block_bits = bytes::u8(super, 124);
    g.inodes_per_block_bits = bytes::u8(super, 123);
    g.blocks = bytes::be64(super, 8);
    g.group_blocks = bytes::be32(super, 84);
    g.groups = bytes::be32(super, 88);
    if (block_bits < 9 || block_bits > 16 || inode_bits < 8 || inode_bits > 11 ||
        inode_bits > block_bits || g.inodes_per_block_bits != block_bits - inode_bits ||
        directory_bits > 16 || g.group_block_bits > 31 ||
        g.group_blocks > std::uint64_t{1} << g.group_block_bits ||
        g.blocks > std::uint64_t{1} << (63U - block_bits))
        throw damaged("its sizes cannot be");
    g.block_size = std::uint64_t{1} << block_bits;
    g.inode_size = std::uint64_t{1} << inode_bits;
    g.directory_block = std::uint64_t{1} << directory_bits;
    g.root = bytes::be64(super, 56);
    g.log_start = bytes::be64(super, 48);
    g.log_blocks = bytes::be32(super, 96);
    g.checksums = (version & 0xfU) == 5;
    g.case_sensitive = (version & ascii_ci) == 0;
    const std::uint32_t incompat = bytes::be32(super, 216);
    g.entry_types =
        g.checksums ? (incompat & incompat_entry_types) != 0
                    : (version & more_bits) != 0 && (bytes::be32(super, 200) & entry_types_v4) != 0;
    g.needs_repair = g.checksums && (incompat & incompat_needs_repair) != 0;
    return g;
}

void check_sum(bytes::View block, std::size_t at, std::string_view what)
{
    constexpr std::array<std::byte, 4> zeros{};
    std::uint32_t sum = crc32c(~0U, block.first(at));
    sum = crc32c(crc32c(sum, zeros), block.subspan(at + 4));
    if (~sum != bytes::le32(block, at))
        throw damaged(fmt::format("the checksum of {} is wrong", what));
}

Inode read_inode(block::BlockDevice& volume, const Geometry& geometry, std::uint64_t number)
{
    std::vector<std::byte> raw(static_cast<std::size_t>(geometry.inode_size));
    volume.read(geometry.byte_of_inode(number), raw);
    const unsigned version = bytes::u8(raw, 4), format = bytes::u8(raw, 5);
    if (bytes::be16(raw, 0) != 0x494e || version < 1 || version > 3 ||
        (version == 3) != geometry.checksums)
        throw damaged(fmt::format("inode {} is none", number));
    if (version == 3)
        check_sum(raw, 100, fmt::format("inode {}", number));
    if (version == 3 && bytes::be64(raw, 152) != number)
        throw damaged(fmt::format("inode {} is another one", number));
    if (format > 3)
        throw damaged(fmt::format("inode {} has an unknown format", number));

    const std::uint64_t flags = version == 3 ? bytes::be64(raw, 120) : 0;
    const std::uint32_t mode = bytes::be16(raw, 2);
    Inode inode{.number = number, .format = static_cast<ForkFormat>(format)};
    Metadata& data = inode.data;
    data.type = type_of_mode(mode);
    data.mode = mode & 07777U;
    data.uid = bytes::be32(raw, 8);
    data.gid = bytes::be32(raw, 12);
    data.unix_owner = true;
    data.links = version == 1 ? bytes::be16(raw, 6) : bytes::be32(raw, 16);
    data.modified = time_of(bytes::be64(raw, 40), (flags & flag_bigtime) != 0);
    data.size = bytes::be64(raw, 56);
    if (data.size > INT64_MAX)
        throw damaged(fmt::format("the size of inode {} cannot be", number));
    inode.extents = (flags & flag_many_extents) != 0 ? bytes::be64(raw, 24) : bytes::be32(raw, 76);
    inode.realtime = (bytes::be16(raw, 90) & flag_realtime) != 0;

    // Attributes begin di_forkoff units of 8 bytes behind the core, if there are any.
    const std::size_t core = version == 3 ? 176 : 100, attributes = bytes::u8(raw, 82) * 8U;
    if (attributes > raw.size() - core)
        throw damaged(fmt::format("the attributes of inode {} lie outside of it", number));
    const std::size_t fork = attributes == 0 ? raw.size() - core : attributes;
    inode.fork.assign(raw.begin() + static_cast<std::ptrdiff_t>(core),
                      raw.begin() + static_cast<std::ptrdiff_t>(core + fork));
    if (inode.format == ForkFormat::device && fork >= 4) {
        const std::uint32_t device = bytes::be32(inode.fork, 0); // 14 and 18 bits
        data.device_major = device >> 18U;
        data.device_minor = device & 0x3ffffU;
    }
    return inode;
}

} // namespace xenlab::fs::xfs
