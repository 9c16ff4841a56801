// SPDX-License-Identifier: GPL-3.0-or-later
// A Table while it is being found out. Partitions are in a deque: what asks for their content keeps
// a reference while more of them are added.
#pragma once

#include <xenlab/partition/table.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace xenlab::partition {

struct Draft {
    std::optional<std::uint64_t> disk_size = {};
    Table table = {};
    std::deque<Partition> partitions = {};
    bool cut = false; ///< there were more than max_partitions

    /// Never repeats a warning, and keeps a bounded number of them.
    void warn(std::string warning);

    /// The partition to fill in, or null when there are too many.
    Partition* add(Partition partition);

    /// The size of the disk in 512-byte sectors, if it is known.
    [[nodiscard]] std::optional<std::uint64_t> disk_sectors() const;
};

/// Warns about partitions that overlap, leave the disk, are badly aligned or compete to be booted.
void check_layout(Draft& draft);

} // namespace xenlab::partition
