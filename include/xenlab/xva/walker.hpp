// SPDX-License-Identifier: GPL-3.0-or-later
// Goes through an XVA entry by entry: names understood, ova.xml read, chunks placed on their disks.
// It does not judge; the verifier, the stream reader and the index each have their own idea of what
// is an error.
#pragma once

#include <xenlab/tar/reader.hpp>
#include <xenlab/xva/member.hpp>
#include <xenlab/xva/metadata.hpp>
#include <xenlab/xva/positions.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace xenlab::xva {

constexpr std::uint64_t chunk_size = 1U << 20U; ///< of every chunk but the last of a disk

struct Entry {
    Member member;
    std::string name;                ///< as stored
    std::uint64_t header_offset = 0; ///< in the (decompressed) archive
    std::uint64_t length = 0;        ///< of the content
    std::optional<std::size_t> disk; ///< chunk, checksum: index into metadata().disks, if it is one
    std::optional<Positions::Placed> placed; ///< chunk of a known disk, if its number made sense
};

/// Borrows the source. Throws what tar::Reader throws, and Error{bad_data} for an unreadable
/// ova.xml.
class Walker {
  public:
    explicit Walker(io::ByteSource& source, std::size_t read_ahead = 1U << 16U);

    /// The next entry. The content of the first ova.xml has been read when its entry is handed out,
    /// unless it comes after chunks.
    std::optional<Entry> next();

    /// Content of the entry just handed out.
    std::size_t read(std::span<std::byte> buffer) { return tar_.read(buffer); }

    /// Complete once the metadata entry was handed out. A tar export of one VDI has a single disk
    /// "vdi".
    [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }
    [[nodiscard]] bool has_metadata() const noexcept { return has_metadata_; }

    /// Where the data of the disk ends so far.
    [[nodiscard]] std::uint64_t end_of(std::size_t disk) const { return positions_.at(disk).end(); }

    tar::Reader& tar() noexcept { return tar_; }

    /// Where the walk is, between two entries: enough for another walker over the same archive,
    /// once that has its metadata, to go on there.
    struct Standing {
        std::uint64_t next_header = 0;
        std::uint64_t unit = 0; ///< length of the archive's first chunk
        std::vector<Positions> positions;
    };
    [[nodiscard]] Standing standing() const { return {tar_.next_header(), unit_, positions_}; }
    void go_on_at(const Standing& standing);

  private:
    void read_metadata(std::uint64_t length);
    [[nodiscard]] std::optional<std::size_t> find_disk(const std::string& prefix);
    void place(Entry& entry);

    tar::Reader tar_;
    Metadata metadata_;
    bool has_metadata_ = false;
    std::vector<Positions> positions_; ///< one a disk
    std::uint64_t unit_ = 0;           ///< length of the archive's first chunk
    std::size_t last_disk_ = 0;        ///< chunks of one disk come in a row
};

/// What else than an XVA or a raw disk these first bytes are: "an HTML page titled …", "a VHD disk
/// image", "empty"…; empty text when nothing is known.
std::string foreign_format(std::span<const std::byte> head);

/// The same for somebody who wanted an XVA: raw disks are foreign, too.
std::string describe_foreign(std::span<const std::byte> head);

} // namespace xenlab::xva
