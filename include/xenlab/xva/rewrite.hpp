// SPDX-License-Identifier: GPL-3.0-or-later
// An XVA with changed disks: as a filter of the archive's stream, or as patches of its file.
#pragma once

#include <xenlab/block/overlay.hpp>
#include <xenlab/io/byte_sink.hpp>
#include <xenlab/io/byte_source.hpp>
#include <xenlab/io/file_source.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xenlab::xva {

/// The changes of disk number `disk`, as Metadata counts them. Borrowed; not changed.
struct DiskEdit {
    std::size_t disk = 0;
    block::Overlay* overlay = nullptr;
};

/// Copies the (decompressed) archive with the changes. Only the content of changed chunks and the
/// text of their checksums differ; where data other than zeros was written into a hole, a chunk is
/// added with a header like that of the chunk behind the hole and a checksum of the archive's
/// kind. Keep-alive entries and everything that is no chunk stay as they are. Memory: a few MiB.
///
/// A changed chunk is checked against its old checksum, so that damage is not sealed in. Throws
/// Error{bad_data} for that, for entries that are not where they belong, and when a disk's data
/// does not reach its size; Error{precondition} for an archive with a checksum table at its end.
/// `out` is then incomplete and not finished.
///
/// `progress` is told the position in the source, before decompression.
void rewrite(std::unique_ptr<io::ByteSource> archive, std::span<const DiskEdit> edits,
             io::ByteSink& out, const std::function<void(std::uint64_t)>& progress = {});

/// Bytes of the archive's file to overwrite.
struct Patch {
    std::uint64_t file_offset = 0;
    std::uint64_t length = 0;
    std::size_t edit = 0;          ///< index into the edits, whose overlay has the bytes
    std::uint64_t disk_offset = 0; ///< from where
    std::string text;              ///< or, if not empty, the bytes: a checksum
};

/// What an edit in place would write, in ascending order. Reads headers and the changed chunks.
/// Throws as rewrite(), and Error{precondition} where data was written into a hole: chunks cannot
/// be added in place.
std::vector<Patch> plan_patches(io::FdSource& file, std::span<const DiskEdit> edits);

} // namespace xenlab::xva
