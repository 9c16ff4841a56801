// SPDX-License-Identifier: GPL-3.0-or-later
#include "draft.hpp"

#include <xenlab/bytes/checked.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace xenlab::partition {
namespace {

using Parts = std::vector<const Partition*>;

// 4 KiB: what disks with 4096-byte physical sectors and every SSD want at least.
constexpr std::uint64_t alignment = 8;

std::uint64_t end_of(const Partition& p)
{
    return bytes::checked_add(p.start, p.sectors)
        .value_or(std::numeric_limits<std::uint64_t>::max());
}

// One pass in order of start: a partition that begins before the furthest end so far overlaps the
// one that ends there. At most one warning a partition, however wild the table.
void check_overlaps(Draft& draft, Parts parts)
{
    std::stable_sort(parts.begin(), parts.end(),
                     [](const auto* a, const auto* b) { return a->start < b->start; });
    const Partition* furthest = nullptr;
    for (const Partition* p : parts) {
        if (furthest && p->start < end_of(*furthest))
            draft.warn(fmt::format("partitions {} and {} overlap",
                                   std::min(p->number, furthest->number),
                                   std::max(p->number, furthest->number)));
        if (!furthest || end_of(*p) > end_of(*furthest))
            furthest = p;
    }
}

void check_range(Draft& draft, const Partition& p)
{
    const auto sectors = draft.disk_sectors();
    if (sectors && p.start >= *sectors)
        draft.warn(fmt::format("partition {} starts at sector {}, after the end of the disk at {}",
                               p.number, p.start, *sectors));
    else if (sectors && end_of(p) > *sectors)
        draft.warn(fmt::format("partition {} ends at sector {}, after the end of the disk at {}",
                               p.number, end_of(p), *sectors));
}

void check_active(Draft& draft)
{
    std::vector<unsigned> active;
    for (const Partition& p : draft.partitions)
        if (p.active)
            active.push_back(p.number);
    if (active.size() > 1)
        draft.warn(fmt::format("partitions {} are all marked active", fmt::join(active, ", ")));
}

} // namespace

void check_layout(Draft& draft)
{
    Parts primary; // an extended partition with its peers, then what is in it with everything else
    Parts data;
    for (const Partition& p : draft.partitions) {
        if (draft.table.label != Label::dos || p.number <= 4)
            primary.push_back(&p);
        if (!p.extended)
            data.push_back(&p);
        check_range(draft, p);
        if (p.start % alignment != 0 && !p.extended)
            draft.warn(fmt::format("partition {} is not aligned: sector {} is not a multiple of {}",
                                   p.number, p.start, alignment));
    }
    check_overlaps(draft, primary);
    check_overlaps(draft, data);
    check_active(draft);
    if (draft.cut)
        draft.warn(fmt::format("only the first {} partitions are listed", max_partitions));
}

} // namespace xenlab::partition
