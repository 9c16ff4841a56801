// SPDX-License-Identifier: GPL-3.0-or-later
// Writes over a disk that stays as it is, until they are committed or forgotten.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/io/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace xenlab::block {

struct OverlayOptions {
    /// What is copied when one byte of it is written: a power of two from 512 up.
    std::size_t page_size = 4096;
    /// Bytes of written pages kept in memory; all further ones go into a file that has no name.
    std::size_t memory_limit = std::size_t{16} << 20U;
    /// Where that file is made; empty: $TMPDIR or /tmp. It takes guest data, readable for its owner
    /// only.
    std::string spill_directory = {};
};

/// Copy-on-write over a device of the same size, which it borrows and only reads. One thread at a
/// time. An Error of write() leaves every page either old or new.
class Overlay final : public BlockDevice {
  public:
    explicit Overlay(BlockDevice& base, OverlayOptions options = {});
    ~Overlay() override = default;

    [[nodiscard]] std::uint64_t size() const noexcept override { return base_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    /// Those of the base, with written pages as data.
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;
    [[nodiscard]] bool writable() const noexcept override { return true; }
    void write(std::uint64_t offset, std::span<const std::byte> data) override;

    /// The written pages, in order, neighbours joined, clipped to the disk: what commit_to()
    /// writes.
    [[nodiscard]] std::vector<Extent> dirty() const;

    /// Writes the dirty extents to a device of the same size and flushes it. The overlay stays as
    /// it is, so that this can be repeated. Nothing guards against a crash in the middle: see
    /// InPlaceEdit.
    void commit_to(BlockDevice& target);

    /// Forgets all writes.
    void discard();

  private:
    using Pages = std::map<std::uint64_t, std::uint64_t>; ///< number of a page -> its slot

    [[nodiscard]] std::size_t page_length(std::uint64_t page) const noexcept;
    void load(std::uint64_t slot, std::size_t at, std::span<std::byte> buffer);
    void store(std::uint64_t slot, std::size_t at, std::span<const std::byte> data);
    void write_page(std::uint64_t page, std::size_t at, std::span<const std::byte> data);

    BlockDevice& base_;
    OverlayOptions options_;
    Pages pages_;
    std::uint64_t slots_in_memory_;
    std::vector<std::vector<std::byte>> memory_; ///< slots 0…
    io::Fd file_;                                ///< the slots that follow, page_size each
};

} // namespace xenlab::block
