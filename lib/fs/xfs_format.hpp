// SPDX-License-Identifier: GPL-3.0-or-later
// What of XFS is in the superblock and in inodes. Format: "XFS Algorithms & Data Structures",
// 3rd edition (kernel.org), chapters 10, 13, 17-19; numbers there are big-endian.
#pragma once

#include "mapped_file.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/fs/filesystem.hpp>

#include <cstdint>
#include <vector>

namespace xenlab::fs::xfs {

Error damaged(std::string_view what);

/// What the superblock says, checked.
struct Geometry {
    std::uint64_t block_size = 0;
    std::uint64_t blocks = 0;
    std::uint64_t group_blocks = 0; ///< of an allocation group
    std::uint32_t groups = 0;
    std::uint64_t directory_block = 0; ///< bytes
    std::uint64_t inode_size = 0;
    std::uint64_t root = 0;
    unsigned group_block_bits = 0; ///< of the part of a block number that counts inside a group
    unsigned inodes_per_block_bits = 0;
    std::uint64_t log_start = 0; ///< a block number; 0: on another device
    std::uint64_t log_blocks = 0;
    bool checksums = false; ///< version 5
    bool entry_types = false;
    bool case_sensitive = true;
    bool needs_repair = false;

    /// The byte where `count` blocks from the block number `block` on lie; throws for what is
    /// outside of the volume.
    [[nodiscard]] std::uint64_t byte_of(std::uint64_t block, std::uint64_t count) const;
    [[nodiscard]] std::uint64_t byte_of_inode(std::uint64_t number) const;
};

/// Throws Error{precondition} for features that are not known here.
Geometry read_geometry(block::BlockDevice& volume);

/// Throws unless the checksum at `at` of a block of version 5 is right.
void check_sum(bytes::View block, std::size_t at, std::string_view what);

enum class ForkFormat { device = 0, local = 1, extents = 2, btree = 3 };

struct Inode {
    std::uint64_t number = 0;
    Metadata data; ///< but the target of a symlink
    ForkFormat format = ForkFormat::local;
    std::uint64_t extents = 0;
    bool realtime = false;
    std::vector<std::byte> fork; ///< the data fork, without what lies behind it
};

Inode read_inode(block::BlockDevice& volume, const Geometry& geometry, std::uint64_t number);

/// The runs of a file or directory that were written, one for each extent, in order.
std::vector<FileRun> map_extents(block::BlockDevice& volume, const Geometry& geometry,
                                 const Inode& inode);

/// Whether the last thing in the log is that the volume was unmounted. Reads a few of its sectors.
bool log_is_clean(block::BlockDevice& volume, const Geometry& geometry);

} // namespace xenlab::fs::xfs
