// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a partition table and probes what is in the partitions, asking for the bytes it needs in
// ascending order, so that one piece of code serves a disk that can seek and a disk that streams by
// once.
//
//     Scan scan(disk_size);
//     while (auto want = scan.next())                    // lowest offset first
//         if (can_have(*want)) scan.supply(bytes_of(*want)); else scan.refuse();
//     Table table = scan.finish();
//
// On a forward-only disk a want below the current position must be refused; EBR chains that point
// backwards and partitions known only from the backup GPT end up there. Whatever depends on a
// refused want is reported as unread, never guessed.
//
// An ordinary disk costs 72 KiB at its head and 72 KiB at the start of each partition. A Scan keeps
// at most 256 KiB of the disk, whatever the disk says.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/partition/table.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace xenlab::partition {

/// The bytes a Scan asks for. 0 < length <= 128 KiB.
struct Want {
    std::uint64_t offset = 0;
    std::size_t length = 0;
};

class Scan {
  public:
    /// `disk_size` in bytes; nothing when it is not known (a raw stream). Then ranges are not
    /// checked against the end, and the GPT backup is looked for where the primary header says.
    explicit Scan(std::optional<std::uint64_t> disk_size);
    ~Scan();
    Scan(Scan&&) noexcept;
    Scan& operator=(Scan&&) noexcept;

    /// The next range wanted, or nothing when the scan is done.
    [[nodiscard]] std::optional<Want> next() const;

    /// The bytes of next(), which need not outlive the call. Fewer than asked only if the disk ends
    /// there.
    void supply(std::span<const std::byte> data);

    /// next() cannot be had.
    void refuse();

    /// The result; call once, when next() is nothing.
    [[nodiscard]] Table finish();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// A whole scan of a device that can seek.
Table scan(block::BlockDevice& disk);

} // namespace xenlab::partition
