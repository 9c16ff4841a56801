// SPDX-License-Identifier: GPL-3.0-or-later
#include "page_cache.hpp"

#include <algorithm>

namespace xenlab::block {

bytes::View PageCache::page(std::uint64_t number)
{
    Slot& slot = slots_[number % slots_.size()];
    if (slot.number == number)
        return slot.data;
    slot.number =
        std::numeric_limits<std::uint64_t>::max(); // what a failing read leaves is no page
    const std::uint64_t length = end_ - begin_;
    const std::uint64_t from = number <= length / page_size_ ? number * page_size_ : length;
    slot.data.resize(static_cast<std::size_t>(std::min<std::uint64_t>(page_size_, length - from)));
    device_.read(begin_ + from, slot.data);
    slot.number = number;
    return slot.data;
}

} // namespace xenlab::block
