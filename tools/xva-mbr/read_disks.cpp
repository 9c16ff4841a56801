// SPDX-License-Identifier: GPL-3.0-or-later
#include "read_disks.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/partition/scan.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace xva_mbr {

using namespace xenlab;

namespace {

// What a stream is read for without being asked: a partition table and what lies near, below 2 MiB
// with the readers' own buffers.
constexpr std::uint64_t near_bytes = (2U << 20U) - (192U << 10U);

/// Bytes of the disk; nothing when they are not to be had. Fewer than asked only at its end.
using Read = std::function<std::optional<std::vector<std::byte>>(std::uint64_t, std::size_t)>;

DiskView read_disk(const disksrc::DiskInfo& info, const Read& read, View& view)
{
    DiskView disk{.info = info};
    partition::Scan scan(info.size);
    bool any = false;
    while (const auto want = scan.next()) {
        std::optional<std::vector<std::byte>> bytes;
        try {
            bytes = read(want->offset, want->length);
        } catch (const Error& error) {
            if (error.code() != Errc::bad_data)
                throw;
            if (std::find(view.damage.begin(), view.damage.end(), error.what()) ==
                view.damage.end())
                view.damage.emplace_back(error.what());
        }
        if (!bytes) {
            scan.refuse();
            continue;
        }
        any = true;
        if (want->offset == 0)
            disk.first_sector.assign(
                bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(
                                                     std::min<std::size_t>(512, bytes->size())));
        scan.supply(*bytes);
    }
    auto table = scan.finish();
    if (any)
        disk.table = std::move(table);
    return disk;
}

Read from_device(block::BlockDevice& device)
{
    return [&device](std::uint64_t offset, std::size_t length) {
        const std::uint64_t end = std::min(device.size(), offset + length);
        std::vector<std::byte> bytes(static_cast<std::size_t>(end > offset ? end - offset : 0));
        device.read(std::min(offset, end), bytes);
        return std::optional(std::move(bytes));
    };
}

/// `reach`: go as far as the head of this disk whatever it takes; from there the usual limit holds.
Read from_stream(block::ForwardDisks& stream, std::size_t disk, std::uint64_t limit, bool reach)
{
    return [&stream, disk, limit, reach](std::uint64_t offset, std::size_t length) mutable {
        std::vector<std::byte> bytes(length);
        const auto n =
            stream.read(disk, offset, bytes, reach ? block::ForwardDisks::no_limit : limit);
        if (reach && limit != block::ForwardDisks::no_limit)
            limit = stream.taken() + near_bytes;
        reach = false;
        if (!n)
            return std::optional<std::vector<std::byte>>();
        bytes.resize(*n);
        return std::optional(std::move(bytes));
    };
}

} // namespace

View read_disks(const Options& options, const cli::Context& context)
{
    View view;
    const auto source = disksrc::open_disks(
        options.source,
        {.window_limit = options.memory_limit,
         .timeout = context.shared.timeout,
         .stop = context.stop,
         .damaged = [&view](const std::string& words) { view.damage.push_back(words); },
         .detail = [&context](const std::string& words) { context.detail(words); }});
    const std::uint64_t limit = options.complete ? block::ForwardDisks::no_limit : near_bytes;
    for (const std::size_t i : disksrc::choose_disks(source->disks(), options.disk)) {
        block::BlockDevice* device = source->device(i);
        const Read read = device != nullptr
                              ? from_device(*device)
                              : from_stream(*source->stream(), i, limit, !options.disk.empty());
        view.disks.push_back(read_disk(source->disks()[i], read, view));
    }
    return view;
}

bool View::complete() const
{
    return std::all_of(disks.begin(), disks.end(),
                       [](const DiskView& d) { return d.table && d.table->complete; });
}

} // namespace xva_mbr
