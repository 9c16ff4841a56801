// SPDX-License-Identifier: GPL-3.0-or-later
// Opens the filesystem on a volume, and says why it will not.
#pragma once

#include <xenlab/fs/filesystem.hpp>
#include <xenlab/partition/table.hpp>

#include <functional>
#include <memory>
#include <string>

namespace xenlab::fs {

enum class Access {
    read,
    write,  ///< the device must be writable; it gets the changes at once: pass an overlay
    recover ///< write, after doing to a volume that was not shut down what its own system would do
            ///< first
};

struct OpenOptions {
    Access access = Access::read;
    /// Told in words: a journal was replayed in memory, a log is dirty…
    std::function<void(const std::string&)> note;
};

/// `content` is what the probe recognised. Borrows the volume, which should be cached. For reading,
/// what is needed of a dirty journal is replayed in memory; nothing is ever written to the volume.
/// Throws Error{precondition} for volumes that hold no readable files (encrypted, a RAID member,
/// btrfs…) or must not be written, with a hint at the way out; Error{bad_data} for damage.
std::unique_ptr<Filesystem> open(block::BlockDevice& volume, const partition::Content& content,
                                 const OpenOptions& options);

} // namespace xenlab::fs
