// SPDX-License-Identifier: GPL-3.0-or-later
// links: partition
// Scans a disk that can seek, and the same disk as a stream of unknown size.
#include "fuzz.hpp"

#include <xenlab/partition/scan.hpp>

#include <algorithm>

using namespace xenlab;

namespace {

partition::Table scan(std::span<const std::byte> disk, bool stream)
{
    partition::Scan scan(stream ? std::nullopt : std::optional<std::uint64_t>(disk.size()));
    std::uint64_t position = 0;
    for (int wants = 0; auto want = scan.next(); ++wants) {
        fuzz::require(wants < 100000, "a scan comes to an end");
        fuzz::require(want->length > 0 && want->length <= (128U << 10U), "wants are small");
        fuzz::require(stream || (want->offset <= disk.size() && want->length <= disk.size() - want->offset),
                      "wants lie inside a disk of known size");
        if ((stream && want->offset < position) || want->offset >= disk.size()) {
            scan.refuse();
            continue;
        }
        const auto length = std::min<std::uint64_t>(want->length, disk.size() - want->offset);
        position = want->offset + length;
        scan.supply(disk.subspan(want->offset, length));
    }
    return scan.finish();
}

void check(const partition::Table& table)
{
    fuzz::require(table.partitions.size() <= partition::max_partitions, "the table is bounded");
    fuzz::require(table.warnings.size() <= 10000, "the warnings are bounded");
    for (const auto& part : table.partitions) {
        fuzz::require(part.number > 0, "partitions are counted from 1");
    }
    partition::find_partition(table, 0);
    partition::find_partition(table, UINT64_MAX);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::refused([&] { check(scan(fuzz::bytes(data, size), false)); });
    fuzz::refused([&] { check(scan(fuzz::bytes(data, size), true)); });
    return 0;
}
