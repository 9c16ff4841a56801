// SPDX-License-Identifier: GPL-3.0-or-later
#include "mapped_file.hpp"

#include <algorithm>

namespace xenlab::fs {

MappedFile::MappedFile(block::BlockDevice& volume, std::vector<FileRun> runs, std::uint64_t size,
                       std::uint64_t valid)
    : volume_(volume), runs_(std::move(runs)), size_(size)
{
    valid = std::min(valid, size);
    while (!runs_.empty() && runs_.back().content >= valid)
        runs_.pop_back();
    if (!runs_.empty())
        runs_.back().length = std::min(runs_.back().length, valid - runs_.back().content);
}

std::vector<FileRun>::const_iterator MappedFile::first_behind(std::uint64_t offset) const
{
    return std::upper_bound(
        runs_.begin(), runs_.end(), offset,
        [](std::uint64_t at, const auto& run) { return at < run.content + run.length; });
}

void MappedFile::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    block::check_range(size_, offset, buffer.size());
    auto run = first_behind(offset);
    while (!buffer.empty()) {
        const bool inside = run != runs_.end() && run->content <= offset;
        const std::uint64_t end = inside               ? run->content + run->length
                                  : run != runs_.end() ? run->content
                                                       : size_;
        const auto part = buffer.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - offset)));
        if (inside)
            volume_.read(run->volume + (offset - run->content), part);
        else
            std::fill(part.begin(), part.end(), std::byte{0});
        offset += part.size();
        buffer = buffer.subspan(part.size());
        if (inside && offset == end)
            ++run;
    }
}

std::vector<block::Extent> MappedFile::extents(std::uint64_t offset, std::uint64_t length)
{
    block::check_range(size_, offset, length);
    std::vector<block::Extent> all;
    const std::uint64_t stop = offset + length;
    for (auto run = first_behind(offset); offset < stop;) {
        const bool inside = run != runs_.end() && run->content <= offset;
        const std::uint64_t end = std::min(stop, inside               ? run->content + run->length
                                                 : run != runs_.end() ? run->content
                                                                      : size_);
        if (!all.empty() && all.back().hole == !inside)
            all.back().length += end - offset;
        else
            all.push_back({offset, end - offset, !inside});
        offset = end;
        if (inside)
            ++run;
    }
    return all;
}

MemoryFile::MemoryFile(std::string_view text) : data_(text.size())
{
    std::transform(text.begin(), text.end(), data_.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
}

void MemoryFile::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    block::check_range(data_.size(), offset, buffer.size());
    std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(), buffer.begin());
}

std::vector<block::Extent> volume_extents(const std::vector<FileRun>& runs, std::uint64_t size)
{
    std::vector<block::Extent> all;
    for (const FileRun& run : runs) {
        if (run.content >= size)
            break;
        const std::uint64_t length = std::min(run.length, size - run.content);
        if (!all.empty() && all.back().offset + all.back().length == run.volume)
            all.back().length += length;
        else
            all.push_back({run.volume, length, false});
    }
    return all;
}

} // namespace xenlab::fs
