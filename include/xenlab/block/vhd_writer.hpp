// SPDX-License-Identifier: GPL-3.0-or-later
// A disk written as a dynamic VHD.
#pragma once

#include <xenlab/block/disk_sink.hpp>
#include <xenlab/block/vhd_format.hpp>
#include <xenlab/io/byte_sink.hpp>
#include <xenlab/io/output_file.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace xenlab::block {

/// What the image says of itself.
struct VhdIdentity {
    vhd::Uuid uuid{};
    std::uint32_t timestamp = 0; ///< seconds since vhd::epoch

    /// A random (version 4) id, and now.
    static VhdIdentity fresh();
};

/// For each block of 2 MiB whether it may hold anything but zeros, by the device's extents; the
/// last block may be short.
std::vector<bool> vhd_blocks_of(BlockDevice& disk);
/// The same for a disk that nothing is known of: all blocks.
std::vector<bool> vhd_all_blocks(std::uint64_t disk_size);

/// A dynamic VHD of blocks of 2 MiB: footer copy, header, block table, blocks in ascending order,
/// footer. The table lies in front of the blocks, so that there are two ways:
///
/// - into a file that is OutputFile::sparse(): blocks are appended when their first byte that is
/// not zero comes, and
///   the table is written at the end. The file holds only blocks that are not all zeros. Zeros
///   inside a block become holes of the file.
/// - into any ByteSink (a pipe): the caller says beforehand which blocks there will be. They are
/// written even if they
///   turn out to be zeros; data for another block is Error{failed}.
///
/// The disk's size is padded with zeros to a multiple of 512 bytes. Original Size and Current Size
/// are exactly that; the geometry, by the specification's algorithm, may be less. Creator
/// Application is "qem2", by which qemu, too, goes by Current Size and not by the geometry; others
/// go by it anyway. (blktap's "tap" would promise a batmap, and for an unknown creator qemu cuts
/// the disk to the geometry.) All sectors of a block that lie on the disk have their bit set.
///
/// Throws Error{failed} for a disk above vhd::max_disk_size, Error{precondition} for a file that
/// cannot be written in any order. Borrows the output; finish() commits or finishes it.
class VhdWriter final : public DiskSink {
  public:
    VhdWriter(io::OutputFile& file, std::uint64_t disk_size, const VhdIdentity& identity);
    VhdWriter(io::ByteSink& sink, std::uint64_t disk_size, const VhdIdentity& identity,
              const std::vector<bool>& blocks);
    void write(std::span<const std::byte> data) override;
    void skip(std::uint64_t length) override;
    /// Throws Error{failed} unless exactly the whole disk was written.
    void finish() override;

  private:
    void begin(std::uint64_t disk_size, const VhdIdentity& identity);
    void write_in_block(std::span<const std::byte> data);
    void skip_in_block(std::uint64_t length);
    void begin_block();
    void end_block();
    void append(std::span<const std::byte> data);
    void append_zeros(std::uint64_t length);
    [[nodiscard]] std::uint64_t block_length() const noexcept;

    io::OutputFile* file_ = nullptr;
    io::ByteSink* sink_ = nullptr; ///< one of the two
    std::uint64_t disk_size_ = 0;
    vhd::Footer footer_;
    vhd::Header header_;
    std::vector<std::byte> table_; ///< as in the file
    std::uint64_t end_ = 0;        ///< of what has been appended
    std::uint64_t at_ = 0;         ///< on the disk
    bool in_block_ = false;        ///< the block of at_ has been begun in the file
};

} // namespace xenlab::block
