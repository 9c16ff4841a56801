// SPDX-License-Identifier: GPL-3.0-or-later
#include "draft.hpp"

#include <algorithm>
#include <utility>

namespace xenlab::partition {
namespace {

constexpr std::size_t max_warnings = 100;

} // namespace

void Draft::warn(std::string warning)
{
    auto& all = table.warnings;
    if (all.size() > max_warnings || std::find(all.begin(), all.end(), warning) != all.end())
        return;
    all.push_back(all.size() < max_warnings ? std::move(warning) : "and more");
}

Partition* Draft::add(Partition partition)
{
    if (partitions.size() >= max_partitions) {
        cut = true;
        return nullptr;
    }
    partition.content.known = Known::unread;
    return &partitions.emplace_back(std::move(partition));
}

std::optional<std::uint64_t> Draft::disk_sectors() const
{
    if (!disk_size)
        return std::nullopt;
    return *disk_size / sector_size;
}

} // namespace xenlab::partition
