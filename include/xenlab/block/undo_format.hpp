// SPDX-License-Identifier: GPL-3.0-or-later
// The file that holds what an in-place edit is about to overwrite.
//
// Integers are little-endian. CRC is CRC-32 as in bytes/crc32.hpp.
//
//   header    0  8  "XLABUNDO"
//             8  4  version, 1
//            12  4  kind of the target: 1 file, 2 block device
//            16  8  size of the target before the edit, bytes
//            24  8  device number: of the file system, or of the block device itself
//            32  8  inode number
//            40  4  length of the path, at most 4096
//            44  4  zero
//            48  …  absolute path of the target, as bytes
//             …  4  CRC of all of the header before it
//   records   0  4  "REC "
//             4  4  kind: 1 data, 2 zeros
//             8  8  offset in the target
//            16  8  length; at most 1 MiB for data
//            24  4  CRC of the data, 0 for zeros
//            28  4  CRC of the 28 bytes before it
//            32  …  the data, for kind 1
//   seal      0  4  "SEAL"
//             4  4  CRC over the CRCs of header and records (4 bytes each, in order)
//             8  8  number of records
//            16  8  size of the log, with the seal
//            24  4  zero
//            28  4  CRC of the 28 bytes before it
//
// Records are in ascending order, do not overlap and lie inside the size before the edit. What lies
// beyond that size has no record: undoing the edit cuts it off.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/bytes/endian.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace xenlab::block::undo {

inline constexpr std::size_t max_data = std::size_t{1} << 20U;

/// The file or device that a log belongs to.
struct Target {
    enum class Kind : std::uint32_t { file = 1, device = 2 };
    Kind kind = Kind::file;
    std::uint64_t size = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string path;

    bool operator==(const Target&) const = default;
};

/// Writes a log forward. Does no more than to make its bytes.
class Encoder {
  public:
    using Write = std::function<void(bytes::View)>;

    /// Writes the header.
    Encoder(const Target& target, Write write);
    /// At most max_data bytes; zeros are written as such.
    void add(std::uint64_t offset, bytes::View data);
    void seal();

  private:
    void record(std::uint32_t kind, std::uint64_t offset, std::uint64_t length, bytes::View data);
    void flush_zeros();
    void put(bytes::View data);
    void chain(std::uint32_t crc);

    Write write_;
    std::uint64_t size_ = 0;
    std::uint64_t records_ = 0;
    std::uint32_t chained_ = 0;
    std::uint64_t zeros_at_ = 0; ///< zeros that wait for more of them
    std::uint64_t zeros_length_ = 0;
};

/// Reads a log, which it borrows. One thread at a time.
class Decoder {
  public:
    /// Reads header and seal. Throws Error{bad_data} for a log that is damaged or not complete.
    explicit Decoder(BlockDevice& log);

    [[nodiscard]] const Target& target() const noexcept { return target_; }
    [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

    using Piece = std::function<void(std::uint64_t offset, bytes::View old_content)>;
    /// Calls `piece` for all old content in order, at most max_data bytes at a time, after checking
    /// each. Throws Error{bad_data} for damage: pass a function that does nothing first, before the
    /// target is changed.
    void for_each(const Piece& piece);

  private:
    void read_header();
    void read_seal();

    BlockDevice& log_;
    Target target_;
    std::uint64_t header_size_ = 0;
    std::uint32_t header_crc_ = 0;
    std::uint64_t records_ = 0;
    std::uint32_t chained_ = 0;
};

} // namespace xenlab::block::undo
