// SPDX-License-Identifier: GPL-3.0-or-later
// Replay of the journal of ext3 and ext4 (jbd2), as a mount would do it. On-disk format: Linux,
// include/linux/jbd2.h; kernel.org "ext4 Data Structures and Algorithms", Journal (jbd2).
#pragma once

#include "ext_library.hpp"

#include <cstdint>
#include <string>

namespace xenlab::fs {

struct Replay {
    std::uint64_t transactions = 0;
    std::uint64_t blocks = 0;
    std::string cut_short; ///< in words, when what follows could not be trusted; mostly empty
};

/// Writes all complete transactions of the journal to `target` (a device of the volume's size,
/// usually an overlay over it) and marks the filesystem there as recovered. Throws
/// Error{precondition} for a journal that cannot be replayed (on another device, unknown features),
/// Error{bad_data} for a damaged one.
Replay replay_journal(block::BlockDevice& target);

} // namespace xenlab::fs
