// SPDX-License-Identifier: GPL-3.0-or-later
// Which blocks hold the content of an ext inode. Our own walk of extent trees and block maps, since
// a hostile tree must neither loop nor reach outside (Linux: fs/ext4/ext4_extents.h; kernel.org
// "ext4 Data Structures and Algorithms", Block Mapping and Extent Tree).
#pragma once

#include "ext_library.hpp"

#include <cstdint>
#include <vector>

namespace xenlab::fs {

/// `blocks` blocks of the file from `logical` on lie at block `physical` of the volume.
struct ExtRun {
    std::uint64_t logical = 0;
    std::uint64_t physical = 0;
    std::uint64_t blocks = 0;
};

/// In order of the content; unwritten extents and holes are left out.
std::vector<ExtRun> map_blocks(const ExtLibrary& library, const ext2_inode& inode);

} // namespace xenlab::fs
