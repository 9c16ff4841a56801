// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/block/overlay.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace xenlab::block {

namespace {

constexpr std::string_view spill_name = "temporary file of the overlay";

io::Fd nameless_file(std::string directory)
{
    if (directory.empty())
        directory = std::filesystem::temp_directory_path().string();
    io::Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (fd)
        return fd;
    std::string name = directory + "/xenlab-overlay-XXXXXX"; // a file system without O_TMPFILE
    fd = io::Fd(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd)
        throw system_error(errno, directory);
    ::unlink(name.c_str());
    return fd;
}

/// Calls `part(page, offset in the page, length, done so far)` for each page that a range touches.
template <typename Part>
void for_pages(std::uint64_t offset, std::size_t length, std::size_t page_size, const Part& part)
{
    for (std::size_t done = 0; done < length;) {
        const std::size_t at = (offset + done) % page_size;
        const std::size_t n = std::min(page_size - at, length - done);
        part((offset + done) / page_size, at, n, done);
        done += n;
    }
}

} // namespace

Overlay::Overlay(BlockDevice& base, OverlayOptions options)
    : base_(base), options_(std::move(options)),
      slots_in_memory_(options_.memory_limit / options_.page_size)
{
    assert(std::has_single_bit(options_.page_size) && options_.page_size >= 512);
}

std::size_t Overlay::page_length(std::uint64_t page) const noexcept
{
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(options_.page_size, size() - page * options_.page_size));
}

void Overlay::load(std::uint64_t slot, std::size_t at, std::span<std::byte> buffer)
{
    if (slot < slots_in_memory_) {
        std::copy_n(memory_[slot].begin() + static_cast<std::ptrdiff_t>(at), buffer.size(),
                    buffer.begin());
        return;
    }
    const std::uint64_t place = (slot - slots_in_memory_) * options_.page_size + at;
    if (io::pread_full(file_.get(), place, buffer, spill_name) < buffer.size())
        throw Error(Errc::failed, std::string(spill_name) + ": became shorter");
}

void Overlay::store(std::uint64_t slot, std::size_t at, std::span<const std::byte> data)
{
    if (slot < slots_in_memory_) {
        if (slot >= memory_.size())
            memory_.resize(slot + 1);
        memory_[slot].resize(options_.page_size);
        std::copy(data.begin(), data.end(),
                  memory_[slot].begin() + static_cast<std::ptrdiff_t>(at));
        return;
    }
    if (!file_)
        file_ = nameless_file(options_.spill_directory);
    io::pwrite_all(file_.get(), (slot - slots_in_memory_) * options_.page_size + at, data,
                   spill_name);
}

void Overlay::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    check_range(size(), offset, buffer.size());
    if (buffer.empty())
        return;
    // One read of the base for each run of pages that are not written.
    std::size_t from = 0;
    const auto read_base = [&](std::size_t to) {
        if (to > from)
            base_.read(offset + from, buffer.subspan(from, to - from));
    };
    const std::uint64_t last = (offset + buffer.size() - 1) / options_.page_size;
    for (auto it = pages_.lower_bound(offset / options_.page_size);
         it != pages_.end() && it->first <= last; ++it) {
        const std::uint64_t begin = std::max(offset, it->first * options_.page_size);
        const std::uint64_t end = std::min(offset + buffer.size(),
                                           it->first * options_.page_size + page_length(it->first));
        const auto to = static_cast<std::size_t>(begin - offset);
        read_base(to);
        const auto part = buffer.subspan(to, static_cast<std::size_t>(end - begin));
        load(it->second, static_cast<std::size_t>(begin % options_.page_size), part);
        from = to + part.size();
    }
    read_base(buffer.size());
}

void Overlay::write_page(std::uint64_t page, std::size_t at, std::span<const std::byte> data)
{
    const auto known = pages_.find(page);
    if (known != pages_.end())
        return store(known->second, at, data);
    std::vector<std::byte> whole(page_length(page));
    if (data.size() < whole.size())
        base_.read(page * options_.page_size, whole);
    std::copy(data.begin(), data.end(), whole.begin() + static_cast<std::ptrdiff_t>(at));
    store(pages_.size(), 0, whole);
    pages_.emplace(page, pages_.size());
}

void Overlay::write(std::uint64_t offset, std::span<const std::byte> data)
{
    check_range(size(), offset, data.size());
    for_pages(offset, data.size(), options_.page_size,
              [&](std::uint64_t page, std::size_t at, std::size_t n, std::size_t done) {
                  write_page(page, at, data.subspan(done, n));
              });
}

std::vector<Extent> Overlay::dirty() const
{
    std::vector<Extent> all;
    for (const auto& [page, slot] : pages_) {
        const std::uint64_t offset = page * options_.page_size;
        if (!all.empty() && all.back().offset + all.back().length == offset)
            all.back().length += page_length(page);
        else
            all.push_back({.offset = offset, .length = page_length(page)});
    }
    return all;
}

std::vector<Extent> Overlay::extents(std::uint64_t offset, std::uint64_t length)
{
    check_range(size(), offset, length);
    std::vector<Extent> all;
    const auto add = [&](const Extent& extent) {
        if (!all.empty() && all.back().hole == extent.hole)
            all.back().length += extent.length;
        else if (extent.length > 0)
            all.push_back(extent);
    };
    const std::uint64_t end = offset + length;
    const auto add_base = [&](std::uint64_t to) {
        if (to > offset)
            for (const Extent& extent : base_.extents(offset, to - offset))
                add(extent);
        offset = std::max(offset, to);
    };
    for (auto it = pages_.lower_bound(offset / options_.page_size); it != pages_.end(); ++it) {
        const std::uint64_t begin = it->first * options_.page_size;
        if (begin >= end)
            break;
        add_base(std::max(offset, begin));
        const std::uint64_t to = std::min(end, begin + page_length(it->first));
        add({.offset = offset, .length = to - offset, .hole = false});
        offset = to;
    }
    add_base(end);
    return all;
}

void Overlay::commit_to(BlockDevice& target)
{
    if (target.size() != size())
        throw Error(Errc::precondition, "the disk to be written has another size");
    constexpr std::uint64_t piece_size = 1U << 20U;
    std::vector<std::byte> buffer;
    for (const Extent& extent : dirty())
        for (std::uint64_t done = 0; done < extent.length; done += buffer.size()) {
            buffer.resize(static_cast<std::size_t>(std::min(piece_size, extent.length - done)));
            read(extent.offset + done, buffer);
            target.write(extent.offset + done, buffer);
        }
    target.flush();
}

void Overlay::discard()
{
    pages_.clear();
    memory_.clear();
    file_.reset();
}

} // namespace xenlab::block
