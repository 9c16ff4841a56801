// SPDX-License-Identifier: GPL-3.0-or-later
// A device put together from ranges of others: a partition, an LVM logical volume.
#pragma once

#include <xenlab/block/block_device.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace xenlab::block {

/// `length` bytes of the mapped device lie at `offset` of `device`.
struct Segment {
    BlockDevice* device = nullptr; ///< nullptr: zeros, never written
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// Borrows the devices. As writable as they all are. One thread at a time.
class MappedDevice final : public BlockDevice {
  public:
    /// The segments follow each other from offset 0 on. What lies beyond the end of a segment's
    /// device is not there: reading it is Error{bad_data} (a disk that was cut short).
    explicit MappedDevice(std::vector<Segment> segments);

    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length) override;
    [[nodiscard]] bool writable() const noexcept override;
    void write(std::uint64_t offset, std::span<const std::byte> data) override;
    void flush() override;

    /// Where the bytes of [offset, offset + length) lie: one segment a run, in order.
    [[nodiscard]] std::vector<Segment> locate(std::uint64_t offset, std::uint64_t length) const;

  private:
    std::vector<Segment> segments_;
    std::vector<std::uint64_t> starts_;
    std::uint64_t size_ = 0;
};

} // namespace xenlab::block
