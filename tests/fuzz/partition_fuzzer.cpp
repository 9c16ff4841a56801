// SPDX-License-Identifier: GPL-3.0-or-later
// links: partition
// Scan over a disk that is the input: with and without its size, forward only, and with some wants
// refused. Only xenlab::Error may escape, and no disk may make it read without end.
#include <xenlab/base/error.hpp>
#include <xenlab/partition/scan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

namespace {

using namespace xenlab;

constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;

/// Bit n of `refused` refuses the wants n, n + 8, n + 16…
void drive(std::span<const std::byte> disk, bool know_size, bool forward_only, unsigned refused)
{
    partition::Scan scan(know_size ? std::optional<std::uint64_t>(disk.size()) : std::nullopt);
    std::uint64_t position = 0;
    std::uint64_t total = 0;
    for (unsigned n = 0; const auto want = scan.next(); ++n) {
        if (want->length == 0 || want->length > 128 << 10 || (total += want->length) > most_bytes)
            std::abort();
        if ((refused >> n % 8 & 1) != 0 || (forward_only && want->offset < position)) {
            scan.refuse();
            continue;
        }
        const std::uint64_t from = std::min<std::uint64_t>(want->offset, disk.size());
        const std::uint64_t length = std::min<std::uint64_t>(want->length, disk.size() - from);
        scan.supply(disk.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(length)));
        position = from + length;
    }
    const partition::Table table = scan.finish();
    if (table.partitions.size() > partition::max_partitions || table.warnings.size() > 101)
        std::abort();
    for (const auto& p : table.partitions)
        if (partition::find_partition(table, p.start * partition::sector_size) == nullptr &&
            p.sectors != 0 && p.start < UINT64_MAX / partition::sector_size)
            std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto disk = std::as_bytes(std::span{data, size});
    const unsigned refused = size != 0 ? data[size - 1] : 0;
    try {
        drive(disk, true, false, 0);
        drive(disk, false, true, 0);
        drive(disk, size % 2 == 0, true, refused);
    } catch (const Error&) {
    }
    return 0;
}
