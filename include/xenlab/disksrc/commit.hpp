// SPDX-License-Identifier: GPL-3.0-or-later
// Makes changes of a DISKSRC's disks permanent: in a new file, or where they are.
//
//     const auto source = open_disks(name, options);
//     block::Overlay overlay(*source->device(disk));
//     … write to the overlay: a boot sector, a file in a filesystem …
//     const DiskEdit edit{.disk = disk, .overlay = &overlay};
//     commit_to_file(name, {&edit, 1}, out, options);     // or
//     commit_in_place(name, {&edit, 1}, options);
//
// Both read the source again by its name, so that it must not be standard input; the overlay still
// needs the device it lies over. Several overlays (a volume group over several disks) are one
// change: all of it or nothing.
#pragma once

#include <xenlab/block/overlay.hpp>
#include <xenlab/block/undo_log.hpp>
#include <xenlab/disksrc/disk_source.hpp>
#include <xenlab/io/byte_sink.hpp>
#include <xenlab/xva/rewrite.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace xenlab::disksrc {

using DiskEdit = xva::DiskEdit; ///< {.disk, .overlay}

struct CommitOptions {
    OpenOptions open = {};
    /// Bytes done of the total, which is 0 when it is not known; from the calling thread.
    std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
    /// In place, on a server: called before the first byte is sent, to close the source that the
    /// overlays lie over. What was written into overlays can still be read.
    std::function<void()> close_source = {};
    /// In place: where the old content is kept meanwhile. Empty: FILE.undo, and for a block device
    /// $XDG_STATE_HOME/xenlab/undo/NAME.undo.
    block::UndoOptions undo = {};
};

/// Whether commit_in_place() could do it, without touching anything: throws what it would throw
/// because of what the source is (see there). To be asked before work is put into edits.
void check_in_place(const std::string& name, const CommitOptions& options = {});

/// Changes a raw file, a block device, a VHD, an XVA that is a file and uncompressed, or the disks
/// of a halted VM (vm:, vdi:), of which only what changes is sent. The old content is saved in an
/// undo log before the first byte changes; killed at any moment, undo() gives back the source bit
/// for bit. Failing, it rolls back by itself.
///
/// In an XVA only the changed bytes of chunks and the checksums of these chunks are written. A
/// chunk is checked against its old checksum first, so that damage is not sealed in.
///
/// Throws Error{precondition}: a source that cannot be written (compressed, a pipe, a URL, NBD,
/// qcow2), changes where an archive has no chunk (the hint says that -o writes a new one), an
/// archive with a checksum table at its end, another edit cut off or going on; Error{bad_data} for
/// a damaged chunk.
void commit_in_place(const std::string& name, std::span<const DiskEdit> edits,
                     const CommitOptions& options = {});

/// Writes the source with the changes to `out`, and finishes it. The result has the form of the
/// source:
///
/// - an XVA, decompressed if it was compressed: everything is byte for byte the source's but the
///   content of changed chunks, the text of their checksums (in the flavour of each) and chunks
///   added where data was written into holes, with headers like their neighbours'
/// - a VHD of any kind becomes a dynamic VHD without parent
/// - everything else becomes a raw disk
///
/// Throws as above.
void commit_to_stream(const std::string& name, std::span<const DiskEdit> edits, io::ByteSink& out,
                      const CommitOptions& options = {});

/// The same to a file, which appears when it is complete; zeros of a raw disk become holes. Throws
/// also Error{precondition} when `path` is the source itself.
void commit_to_file(const std::string& name, std::span<const DiskEdit> edits,
                    const std::string& path, const CommitOptions& options = {});

/// Rolls back an edit in place that was cut off: --undo FILE.
block::UndoResult undo(const std::string& path, const block::UndoOptions& options = {});

} // namespace xenlab::disksrc
