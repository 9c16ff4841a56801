// SPDX-License-Identifier: GPL-3.0-or-later
// What a volume holds. The magic numbers and plausibility rules are those blkid works by; where a
// rule needs more than the first 72 KiB of a volume, the rest is asked for afterwards.
#pragma once

#include "requests.hpp"

#include <xenlab/bytes/endian.hpp>
#include <xenlab/partition/table.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace xenlab::partition {

/// Reaches over the superblock of btrfs and the last byte of a 64 KiB page of swap.
constexpr std::size_t probe_length = std::size_t{72} << 10;

/// The type of a partition where it makes a look elsewhere worth while.
enum class Hint { none, raid, vmfs };

/// A partition or a whole disk; in bytes. No size: as far as the disk goes.
struct Volume {
    std::uint64_t start = 0;
    std::optional<std::uint64_t> size;
    Hint hint = Hint::none;
};

/// Told by the first bytes alone; never Known::unread.
Content recognise(bytes::View head);

/// Asks for what is needed and fills in `content`, which must stay where it is and start as
/// Known::unread.
void probe_volume(Requests& requests, const Volume& volume, Content& content);

} // namespace xenlab::partition
