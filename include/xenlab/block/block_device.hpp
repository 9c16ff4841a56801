// SPDX-License-Identifier: GPL-3.0-or-later
// Random-access bytes: the other of the two interfaces that carry all data. Raw images, VHDs, XVA
// disks, NBD exports, overlays and partition slices are all BlockDevices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace xenlab::block {

/// A run of a device's bytes with one property.
struct Extent {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool hole = false; ///< true: reads as zeros and takes no space

    bool operator==(const Extent&) const = default;
};

/// One thread at a time, unless the class says otherwise. Throws xenlab::Error.
class BlockDevice {
  public:
    virtual ~BlockDevice() = default;
    BlockDevice(const BlockDevice&) = delete;
    BlockDevice& operator=(const BlockDevice&) = delete;

    /// In bytes; need not be a multiple of anything.
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;

    /// Fills all of `buffer` with the bytes at `offset`. Throws Error{bad_data} for a range that is
    /// not wholly inside the device.
    virtual void read(std::uint64_t offset, std::span<std::byte> buffer) = 0;

    /// The runs that cover [offset, offset + length), in order, without a gap, clipped to that
    /// range. A device that does not know its holes answers one extent of data.
    virtual std::vector<Extent> extents(std::uint64_t offset, std::uint64_t length);

    [[nodiscard]] virtual bool writable() const noexcept { return false; }

    /// Writes all of `data`. Throws Error{precondition} on a read-only device.
    virtual void write(std::uint64_t offset, std::span<const std::byte> data);

    /// Returns when everything written is on stable storage.
    virtual void flush() {}

  protected:
    BlockDevice() = default;
};

/// Throws Error{bad_data} unless [offset, offset + length) lies inside `device_size`.
void check_range(std::uint64_t device_size, std::uint64_t offset, std::uint64_t length);

} // namespace xenlab::block
