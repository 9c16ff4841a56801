// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of FAT12, FAT16 and FAT32. Format: Microsoft Extensible Firmware Initiative FAT32 File
// System Specification, version 1.03 ("fatgen103").
#pragma once

#include "mapped_file.hpp"

#include <xenlab/block/block_device.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::fs {

class FatVolume {
  public:
    explicit FatVolume(block::BlockDevice& device);

    [[nodiscard]] block::BlockDevice& device() const noexcept { return device_; }
    [[nodiscard]] unsigned bits() const noexcept { return bits_; }
    [[nodiscard]] std::uint32_t cluster_size() const noexcept { return cluster_size_; }
    [[nodiscard]] std::uint32_t clusters() const noexcept { return clusters_; }
    /// FAT32: where the root's chain begins. 0: the root is root_area().
    [[nodiscard]] std::uint32_t root_cluster() const noexcept { return root_cluster_; }
    [[nodiscard]] block::Extent root_area() const noexcept { return root_area_; }
    /// Byte of the volume where a cluster lies. Throws for one that is not there.
    [[nodiscard]] std::uint64_t place(std::uint32_t cluster) const;

    /// Where the chain lies, at most `most` clusters. Throws Error{bad_data} for loops and links
    /// out of the volume.
    std::vector<FileRun> runs(std::uint32_t first, std::uint32_t most);
    std::vector<std::uint32_t> chain(std::uint32_t first, std::uint32_t most);

    /// In words, when the volume was not unmounted cleanly or has bad sectors marked.
    std::string dirt();

    // Changes, in all copies of the table.
    /// A chain of so many free clusters; 0 for none. Throws Error{failed} when the volume is full.
    std::uint32_t allocate(std::uint32_t count);
    /// Appends a cluster to a chain and returns it.
    std::uint32_t extend(std::uint32_t first);
    void free_chain(std::uint32_t first);
    /// Brings the count of free clusters of FAT32 up to date.
    void update_info();

  private:
    void read_boot_sector();
    std::uint32_t entry(std::uint32_t cluster);
    void set_entry(std::uint32_t cluster, std::uint32_t value);
    [[nodiscard]] bool is_end(std::uint32_t value) const noexcept { return value >= end_mark_ - 7; }

    block::BlockDevice& device_;
    unsigned bits_ = 0;
    std::uint32_t sector_size_ = 0;
    std::uint32_t cluster_size_ = 0;
    std::uint32_t clusters_ = 0; ///< numbered from 2
    std::uint32_t root_cluster_ = 0;
    std::uint32_t end_mark_ = 0;
    std::uint64_t table_ = 0; ///< byte of the first table
    std::uint64_t table_size_ = 0;
    unsigned tables_ = 0;
    std::optional<unsigned> active_; ///< FAT32 without mirroring
    block::Extent root_area_;
    std::uint64_t data_ = 0;
    std::uint64_t info_ = 0; ///< byte of FSInfo; 0: none
    std::byte state_{0};     ///< bit 0: dirty, bit 1: bad sectors
    std::uint32_t next_ = 2; ///< where to look for free clusters
    std::int64_t freed_ = 0; ///< since opening
};

} // namespace xenlab::fs
