// SPDX-License-Identifier: GPL-3.0-or-later
// What an edit of a pool's disk is about to overwrite, in a file of ours:
//
//   64  "XLABPOOL1 UUID\n", padded with zeros
//       records of u64 offset, u32 length, data; one of length 0 ends them (little-endian; as xapi
//       takes them)
//    4  CRC-32 of all that, little-endian
//
// Where the whole disk is about to be overwritten, the first line is "XLABPOOL2 UUID SIZE" (16 hex
// digits), and what is in no record is zero.
#pragma once

#include <xenlab/block/block_device.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace xenlab::disksrc {

/// $XDG_STATE_HOME/xenlab/undo/vdi-UUID.undo; the folder is made.
std::string pool_undo_path(const std::string& vdi_uuid);

/// On disk when it returns. Replaces none: throws Error{precondition} when there is one.
void write_pool_undo(const std::string& path, const std::string& vdi_uuid, block::BlockDevice& disk,
                     std::span<const block::Extent> extents);

/// The same of a whole disk, which `read` gives in pieces from its beginning to its end.
void write_whole_undo(const std::string& path, const std::string& vdi_uuid, std::uint64_t size,
                      const std::function<void(std::uint64_t offset, std::span<std::byte>)>& read);

/// The size of the disk if the log is that of a whole one. Throws Error{bad_data}.
std::optional<std::uint64_t> whole_undo_size(const std::string& path, const std::string& vdi_uuid);

/// Checks the whole log, and then gives its records to `restore`. Throws Error{bad_data}.
std::uint64_t read_pool_undo(
    const std::string& path, const std::string& vdi_uuid,
    const std::function<void(std::uint64_t offset, std::span<const std::byte>)>& restore);

} // namespace xenlab::disksrc
