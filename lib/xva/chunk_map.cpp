// SPDX-License-Identifier: GPL-3.0-or-later
#include "chunk_map.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/checked.hpp>

#include <algorithm>

namespace xenlab::xva {
namespace {

constexpr std::size_t max_runs = 1'000'000; // 40 MiB
constexpr std::size_t run_numbers = 5;

} // namespace

void ChunkMap::add(std::size_t disk, const ChunkPlace& chunk)
{
    if (runs_.size() <= disk)
        runs_.resize(disk + 1);
    newest_disk_ = disk;
    auto& runs = runs_[disk];
    if (!runs.empty()) {
        Run& last = runs.back();
        const std::uint64_t step =
            chunk.file_offset - (last.file_offset + last.stride * (last.count - 1));
        const bool follows = last.disk_end() == chunk.disk_offset && last.length == chunk.length;
        if (follows && (last.count == 1 || step == last.stride)) {
            last.stride = step;
            ++last.count;
            return;
        }
    }
    if (++total_runs_ > max_runs)
        throw Error(Errc::bad_data, "the archive is in too many pieces to index");
    runs.push_back({.disk_offset = chunk.disk_offset,
                    .file_offset = chunk.file_offset,
                    .length = chunk.length});
}

std::optional<ChunkPlace> ChunkMap::find(std::size_t disk, std::uint64_t offset,
                                         std::optional<std::uint64_t>& next) const
{
    next.reset();
    if (runs_.size() <= disk) // a disk of keep-alive entries only
        return std::nullopt;
    const auto& runs = runs_[disk];
    const auto run =
        std::upper_bound(runs.begin(), runs.end(), offset,
                         [](std::uint64_t at, const Run& r) { return at < r.disk_end(); });
    if (run == runs.end())
        return std::nullopt;
    if (offset < run->disk_offset) {
        next = run->disk_offset;
        return std::nullopt;
    }
    const std::uint64_t number = (offset - run->disk_offset) / run->length;
    return ChunkPlace{.disk_offset = run->disk_offset + number * run->length,
                      .file_offset = run->file_offset + number * run->stride,
                      .length = run->length};
}

void ChunkMap::save(std::vector<std::uint64_t>& numbers) const
{
    numbers.push_back(newest_disk_);
    numbers.push_back(runs_.size());
    for (const auto& runs : runs_) {
        numbers.push_back(runs.size());
        for (const Run& run : runs)
            numbers.insert(numbers.end(),
                           {run.disk_offset, run.file_offset, run.stride, run.length, run.count});
    }
}

/// Everything that find() computes with stays within 63 bits, the disk and the file.
bool ChunkMap::possible(const Run& run, std::uint64_t begin, std::uint64_t end,
                        std::uint64_t file_size)
{
    if (run.length == 0 || run.count == 0 || run.disk_offset < begin)
        return false;
    const auto length = bytes::checked_mul(run.length, run.count);
    const auto disk_end = length ? bytes::checked_add(run.disk_offset, *length) : std::nullopt;
    const auto steps = bytes::checked_mul(run.stride, run.count - 1);
    const auto last = steps ? bytes::checked_add(run.file_offset, *steps) : std::nullopt;
    const auto file_end = last ? bytes::checked_add(*last, run.length) : std::nullopt;
    return disk_end && *disk_end <= end && file_end && *file_end <= file_size &&
           (run.count == 1 || run.stride >= run.length);
}

bool ChunkMap::restore(std::span<const std::uint64_t> numbers, std::span<const std::uint64_t> ends,
                       std::uint64_t file_size)
{
    ChunkMap made;
    std::size_t at = 0;
    const auto take = [&] { return numbers[at++]; };
    if (numbers.size() < 2)
        return false;
    made.newest_disk_ = take();
    const std::uint64_t disks = take();
    if (disks > ends.size() || (disks > 0 && made.newest_disk_ >= disks))
        return false;
    for (std::size_t disk = 0; disk < disks; ++disk) {
        if (at == numbers.size())
            return false;
        const std::uint64_t count = take();
        if (count > (numbers.size() - at) / run_numbers || made.total_runs_ + count > max_runs)
            return false;
        auto& runs = made.runs_.emplace_back();
        runs.reserve(count);
        made.total_runs_ += count;
        for (std::size_t i = 0; i < count; ++i, at += run_numbers) {
            const Run run{numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3],
                          numbers[at + 4]};
            if (!possible(run, runs.empty() ? 0 : runs.back().disk_end(), ends[disk], file_size))
                return false;
            runs.push_back(run);
        }
    }
    if (at != numbers.size())
        return false;
    *this = std::move(made);
    return true;
}

} // namespace xenlab::xva
