// SPDX-License-Identifier: GPL-3.0-or-later
#include "table_reader.hpp"

#include <xenlab/partition/scan.hpp>

#include <vector>

namespace xenlab::partition {

class Scan::Impl : public TableReader {
  public:
    using TableReader::TableReader;
};

Scan::Scan(std::optional<std::uint64_t> disk_size) : impl_(std::make_unique<Impl>(disk_size)) {}
Scan::~Scan() = default;
Scan::Scan(Scan&&) noexcept = default;
Scan& Scan::operator=(Scan&&) noexcept = default;

std::optional<Want> Scan::next() const
{
    return impl_->requests.next();
}

void Scan::supply(std::span<const std::byte> data)
{
    impl_->requests.supply(data);
}

void Scan::refuse()
{
    impl_->requests.refuse();
}

Table Scan::finish()
{
    return impl_->finish();
}

Table scan(block::BlockDevice& disk)
{
    Scan scan(disk.size());
    std::vector<std::byte> buffer;
    while (const auto want = scan.next()) {
        buffer.resize(want->length);
        disk.read(want->offset, buffer);
        scan.supply(buffer);
    }
    return scan.finish();
}

const Partition* find_partition(const Table& table, std::uint64_t offset)
{
    const std::uint64_t sector = offset / sector_size;
    const Partition* container = nullptr;
    for (const Partition& p : table.partitions) {
        if (sector < p.start || sector - p.start >= p.sectors)
            continue;
        if (!p.extended)
            return &p;
        container = &p;
    }
    return container;
}

} // namespace xenlab::partition
