// SPDX-License-Identifier: GPL-3.0-or-later
#include "ebr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xenlab::partition {
namespace {

constexpr std::size_t max_records = 128;

} // namespace

void LogicalPartitions::add(const MbrEntry& extended, unsigned number)
{
    chains_.push_back({extended.start, extended.sectors, number});
}

void LogicalPartitions::next_chain()
{
    if (!chains_.empty())
        read_record(chains_.front().start, chains_.front().sectors);
}

void LogicalPartitions::stop(std::string warning)
{
    if (!warning.empty())
        draft_.warn(std::move(warning));
    chains_.pop_front();
    next_chain();
}

void LogicalPartitions::read_record(std::uint64_t at, std::uint64_t sectors)
{
    if (seen_.size() >= max_records)
        return stop(
            fmt::format("more than {} logical partitions: the rest is not listed", max_records));
    if (!seen_.insert(at).second)
        return stop(fmt::format("the chain of logical partitions loops at sector {}", at));
    requests_.ask(at * sector_size, sector_size,
                  [=, this](const auto& data) { record(at, sectors, data); });
}

void LogicalPartitions::record(std::uint64_t at, std::uint64_t sectors,
                               std::optional<bytes::View> data)
{
    if (!data) {
        draft_.table.complete = false;
        return stop(fmt::format("the logical partitions from sector {} on were not read", at));
    }
    const Mbr ebr = parse_mbr(*data);
    if (!ebr.signed_)
        return stop(fmt::format("the extended boot record at sector {} has no signature", at));
    for (std::size_t i = 0; i < ebr.entries.size(); ++i)
        add_logical(ebr.entries[i], i, at, sectors);
    follow(ebr, at);
}

void LogicalPartitions::add_logical(const MbrEntry& entry, std::size_t index, std::uint64_t at,
                                    std::uint64_t sectors)
{
    if (!entry.used() || entry.extended())
        return;
    const Chain& chain = chains_.front();
    const std::uint64_t start = at + entry.start;
    const bool inside =
        start >= chain.start && start + entry.sectors <= chain.start + chain.sectors;
    // Entries 3 and 4 are mostly old rubbish; only OS/2 uses them, and then inside its own record's
    // area.
    if (index >= 2 && (!inside || std::uint64_t{entry.start} + entry.sectors > sectors))
        return;
    if (!inside)
        draft_.warn(fmt::format("logical partition {} lies outside of extended partition {}",
                                next_number_, chain.number));
    found_(entry, start, next_number_++);
}

void LogicalPartitions::follow(const Mbr& ebr, std::uint64_t at)
{
    const auto link = std::find_if(ebr.entries.begin(), ebr.entries.end(),
                                   [](const MbrEntry& e) { return e.used() && e.extended(); });
    if (link == ebr.entries.end())
        return stop({});
    const Chain& chain = chains_.front();
    if (link->start >= chain.sectors)
        return stop(fmt::format(
            "the chain of logical partitions leads out of extended partition {}", chain.number));
    const std::uint64_t next = chain.start + link->start;
    if (next < at)
        draft_.warn(fmt::format("the chain of logical partitions goes back from sector {} to {}",
                                at, next));
    read_record(next, link->sectors);
}

} // namespace xenlab::partition
