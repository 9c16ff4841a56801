// SPDX-License-Identifier: GPL-3.0-or-later
// The content of a file that lies in runs on a volume.
#pragma once

#include <xenlab/block/block_device.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace xenlab::fs {

/// `length` bytes of the content from `content` on lie at `volume`.
struct FileRun {
    std::uint64_t content = 0;
    std::uint64_t volume = 0;
    std::uint64_t length = 0;
};

/// Borrows the volume. What no run covers reads as zeros.
class MappedFile final : public block::BlockDevice {
  public:
    /// The runs are in order and do not overlap; bytes from `valid` on are zeros whatever they say.
    MappedFile(block::BlockDevice& volume, std::vector<FileRun> runs, std::uint64_t size,
               std::uint64_t valid);
    MappedFile(block::BlockDevice& volume, std::vector<FileRun> runs, std::uint64_t size)
        : MappedFile(volume, std::move(runs), size, size)
    {
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override;

  private:
    [[nodiscard]] std::vector<FileRun>::const_iterator first_behind(std::uint64_t offset) const;

    block::BlockDevice& volume_;
    std::vector<FileRun> runs_;
    std::uint64_t size_;
};

/// Content that was read already.
class MemoryFile final : public block::BlockDevice {
  public:
    explicit MemoryFile(std::vector<std::byte> data) : data_(std::move(data)) {}
    explicit MemoryFile(std::string_view text);
    [[nodiscard]] std::uint64_t size() const noexcept override { return data_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;

  private:
    std::vector<std::byte> data_;
};

/// The runs as they lie on the volume, neighbours joined, cut to the content's size.
std::vector<block::Extent> volume_extents(const std::vector<FileRun>& runs, std::uint64_t size);

} // namespace xenlab::fs
