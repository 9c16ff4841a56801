// SPDX-License-Identifier: GPL-3.0-or-later
// The edits of all disks, asked by place; and what a changed chunk was and becomes.
#pragma once

#include <xenlab/io/hash.hpp>
#include <xenlab/xva/rewrite.hpp>
#include <xenlab/xva/walker.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xenlab::xva {

class Changes {
  public:
    explicit Changes(std::span<const DiskEdit> edits);

    /// The changed places inside a range of a disk, clipped to it.
    [[nodiscard]] std::vector<block::Extent> in(std::size_t disk, std::uint64_t offset,
                                                std::uint64_t length) const;
    /// Whether something other than zeros was written there.
    [[nodiscard]] bool any_data(std::size_t disk, std::uint64_t offset, std::uint64_t length) const;
    /// Writes the changes over the bytes that are at `offset` of the disk.
    void apply(std::size_t disk, std::uint64_t offset, std::span<std::byte> bytes) const;
    [[nodiscard]] std::size_t edit_of(std::size_t disk) const;
    [[nodiscard]] const std::vector<std::size_t>& disks() const noexcept { return disks_; }

  private:
    struct Edit {
        block::Overlay* overlay = nullptr;
        std::vector<block::Extent> dirty;
    };
    std::vector<Edit> edits_;
    std::vector<std::size_t> disks_; ///< of each edit
};

/// Both hashes of a chunk's bytes, since only the entry behind it tells the kind.
class BothHashes {
  public:
    void update(std::span<const std::byte> data);
    struct Texts {
        std::string sha1;
        std::string xxh64;
        [[nodiscard]] const std::string& of(io::HashKind kind) const
        {
            return kind == io::HashKind::sha1 ? sha1 : xxh64;
        }
    };
    Texts finish();

  private:
    io::Hasher sha1_{io::HashKind::sha1};
    io::Hasher xxh64_{io::HashKind::xxh64};
};

/// A chunk that was changed, until its checksum entry comes.
struct ChangedChunk {
    std::string name;
    BothHashes::Texts before;
    BothHashes::Texts after;
};

/// Reads the content of a checksum entry and compares it with what the chunk was; the new text.
/// Throws Error{bad_data} for a difference.
std::string new_checksum(const Entry& entry, Walker& walker, const ChangedChunk& chunk);

/// Throws what is wrong with the place of a chunk; nothing for a chunk of no disk of ours.
void check_placed(const Entry& entry);

/// Throws Error{bad_data} unless the disks that are edited came whole.
void check_complete(const Walker& walker, const Changes& changes);

/// Throws Error{precondition} for an entry that a change would make stale.
void refuse_table(const Entry& entry);

} // namespace xenlab::xva
