// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/block/read_cache.hpp>

#include <algorithm>

namespace xenlab::block {

ReadCache::ReadCache(BlockDevice& device, CacheOptions options) : device_(device), options_(options)
{
}

ReadCache::Page& ReadCache::page(std::uint64_t number)
{
    if (const auto found = index_.find(number); found != index_.end()) {
        pages_.splice(pages_.begin(), pages_, found->second);
        return pages_.front();
    }
    const std::uint64_t start = number * options_.page_size;
    std::vector<std::byte> data(static_cast<std::size_t>(
        std::min<std::uint64_t>(options_.page_size, device_.size() - start)));
    device_.read(start, data);
    if (pages_.size() >= options_.pages) {
        index_.erase(pages_.back().number);
        pages_.pop_back();
    }
    pages_.push_front({number, std::move(data)});
    index_[number] = pages_.begin();
    return pages_.front();
}

void ReadCache::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    check_range(size(), offset, buffer.size());
    if (buffer.size() >= 4 * options_.page_size)
        return device_.read(offset, buffer); // writes go through, so the device is never behind
    while (!buffer.empty()) {
        const Page& p = page(offset / options_.page_size);
        const std::size_t from = static_cast<std::size_t>(offset % options_.page_size);
        const std::size_t n = std::min(buffer.size(), p.data.size() - from);
        std::copy_n(p.data.begin() + static_cast<std::ptrdiff_t>(from), n, buffer.begin());
        offset += n;
        buffer = buffer.subspan(n);
    }
}

void ReadCache::write(std::uint64_t offset, std::span<const std::byte> data)
{
    device_.write(offset, data);
    while (!data.empty()) {
        const std::size_t from = static_cast<std::size_t>(offset % options_.page_size);
        const std::size_t n = std::min(data.size(), options_.page_size - from);
        if (const auto found = index_.find(offset / options_.page_size); found != index_.end())
            std::copy_n(data.begin(), n,
                        found->second->data.begin() + static_cast<std::ptrdiff_t>(from));
        offset += n;
        data = data.subspan(n);
    }
}

} // namespace xenlab::block
