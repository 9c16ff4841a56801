// SPDX-License-Identifier: GPL-3.0-or-later
// Proof that an XVA is whole and undamaged, while it streams by once.
#pragma once

#include <xenlab/io/byte_source.hpp>
#include <xenlab/xva/metadata.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::xva {

enum class ProblemKind {
    checksum,      ///< data and checksum disagree, or there is no checksum
    truncated,     ///< the archive ends too early
    missing_chunk, ///< a chunk that is never omitted is absent
    bad_header,    ///< a tar header or ova.xml is damaged
    order,         ///< an entry that does not belong where it is
    incomplete,    ///< a disk's data does not reach its virtual size, or goes beyond it
    not_xva,       ///< something else altogether
    trailing       ///< data after the end of the archive
};

std::string_view name_of(ProblemKind kind) noexcept;

struct Problem {
    ProblemKind kind = ProblemKind::not_xva;
    std::string message;
    std::optional<std::size_t> disk;     ///< index into Report::disks
    std::string chunk;                   ///< entry name as stored; escape before showing
    std::optional<std::uint64_t> offset; ///< on the disk, in bytes
    std::optional<std::uint64_t> length; ///< on the disk, in bytes
    std::uint64_t archive_offset = 0;    ///< in the decompressed archive, of the entry's header
    bool host_refuses = true;            ///< an importing host stumbles over it, too
};

struct DiskReport {
    Disk disk;
    std::uint64_t chunks = 0; ///< entries with data
    std::uint64_t end = 0;    ///< how far the data reached
};

struct Report {
    std::vector<DiskReport> disks;
    std::vector<Problem> problems;     ///< in the order of the archive; at most max_problems
    std::uint64_t more_problems = 0;   ///< beyond max_problems, only counted
    std::vector<std::string> refusals; ///< what else a host stumbles over though no data is damaged
    Metadata metadata;                 ///< without disks, which are above
    bool is_vdi_tar = false;           ///< a tar export of one VDI: chunks without ova.xml
    std::uint64_t archive_bytes = 0;   ///< decompressed

    [[nodiscard]] bool ok() const noexcept { return problems.empty(); }
    /// Whether a host would import it: nothing it refuses, and every record field it needs.
    [[nodiscard]] bool importable() const noexcept;
};

constexpr std::size_t max_problems = 1000;

struct VerifyOptions {
    bool keep_going = false; ///< report all damage instead of stopping at the first
    unsigned hash_threads = 1;
};

/// Called from the verifying thread as the archive goes by.
struct VerifyEvents {
    /// Bytes of a disk (in ascending order, before their checksum is known) and holes.
    std::function<void(std::size_t disk, std::uint64_t offset, std::span<const std::byte>)> data;
    std::function<void(std::size_t disk, std::uint64_t offset, std::uint64_t length)> hole;
    std::function<void(const Metadata&)> metadata;
    /// Position on all disks together, of metadata().total_virtual_size().
    std::function<void(std::uint64_t position)> progress;
    std::function<void(const Problem&)> problem;
};

/// Reads `source` (decompressed) up to its end, or up to the first problem. Damage is in the
/// report; only failures that say nothing about the archive (I/O errors, an interrupt) are thrown.
Report verify(std::unique_ptr<io::ByteSource> source, const VerifyOptions& options,
              const VerifyEvents& events = {});

} // namespace xenlab::xva
