// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/block/disk_sink.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace xenlab::block {

namespace {

// Extents are asked for in windows, since a device may have very many of them.
constexpr std::uint64_t window_size = std::uint64_t{1} << 30U;
constexpr std::size_t piece_size = std::size_t{1} << 20U;

} // namespace

bool is_zero(std::span<const std::byte> data) noexcept
{
    constexpr std::size_t first = 16;
    const std::size_t front = std::min(first, data.size());
    for (std::size_t i = 0; i < front; ++i)
        if (data[i] != std::byte{0})
            return false;
    // Zero at the front, and every byte equals the one 16 before it: memcmp(3) is as fast as
    // memory.
    return data.size() <= first ||
           std::memcmp(data.data(), data.data() + first, data.size() - first) == 0;
}

void sparse_copy(BlockDevice& disk, DiskSink& sink, const CopyOptions& options)
{
    std::vector<std::byte> buffer(piece_size);
    const auto pass = [&](const Extent& extent) {
        if (extent.hole)
            sink.skip(extent.length);
        const std::uint64_t end = extent.offset + extent.length;
        for (std::uint64_t at = extent.offset; at < end && !extent.hole; at += piece_size) {
            if (options.stop.stop_requested())
                throw Error(Errc::interrupted, "interrupted");
            const auto piece = std::span(buffer).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, end - at)));
            disk.read(at, piece);
            sink.write(piece);
            if (options.progress)
                options.progress(at + piece.size());
        }
        if (options.progress)
            options.progress(end);
    };
    for (std::uint64_t at = 0; at < disk.size(); at += window_size)
        for (const Extent& extent : disk.extents(at, std::min(window_size, disk.size() - at)))
            pass(extent);
}

} // namespace xenlab::block
