// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of a halted VM's disks, written where they are: only the changed extents are sent.
//
// The server would let the VM start in the middle, take a second upload, and keep the half of one
// that breaks off (xapi-observed.md 4, 8). So the VM is held by blocked operations with our mark,
// the old content is on our disk before the first byte changes, and what was written is read back.
#pragma once

#include <xenlab/disksrc/commit.hpp>

#include <span>
#include <string>

namespace xenlab::disksrc {

/// Throws Error{precondition}: the VM is not halted, another VBD uses a disk, it is read-only, or
/// an earlier edit was cut off.
void check_pool_disks(const std::string& name, const CommitOptions& options);

/// All of it or nothing. An interrupt waits until it is done.
void commit_to_pool(const std::string& name, std::span<const DiskEdit> edits,
                    const CommitOptions& options);

/// Puts back what an edit that was cut off has changed.
block::UndoResult undo_in_pool(const std::string& name);

} // namespace xenlab::disksrc
