// SPDX-License-Identifier: GPL-3.0-or-later
// A Scan for somebody who does not pull: bytes of the disk pass in ascending order, whatever they
// are needed for, and the scan takes what it wants from them.
#pragma once

#include <xenlab/partition/scan.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace xenlab::partition {

class PushScan {
  public:
    explicit PushScan(std::optional<std::uint64_t> disk_size) : scan_(disk_size) {}

    /// The bytes at `offset`, which must not lie before the end of what was passed earlier. A gap
    /// was lost, and what the scan wanted there is unread.
    void data(std::uint64_t offset, std::span<const std::byte> bytes);
    /// `length` zeros at `offset`.
    void zeros(std::uint64_t offset, std::uint64_t length);

    /// The table as far as it was seen. Call once.
    Table finish();

  private:
    /// Feeds a run of the disk; `bytes` is empty for zeros.
    void feed(std::uint64_t offset, std::uint64_t length, std::span<const std::byte> bytes);

    Scan scan_;
    std::vector<std::byte> held_; ///< the front part of the want at hand
    std::uint64_t end_ = 0;       ///< of what has passed
};

} // namespace xenlab::partition
