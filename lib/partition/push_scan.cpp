// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/partition/push_scan.hpp>

#include <algorithm>

namespace xenlab::partition {

void PushScan::data(std::uint64_t offset, std::span<const std::byte> bytes)
{
    feed(offset, bytes.size(), bytes);
}

void PushScan::zeros(std::uint64_t offset, std::uint64_t length)
{
    feed(offset, length, {});
}

void PushScan::feed(std::uint64_t offset, std::uint64_t length, std::span<const std::byte> bytes)
{
    while (const auto want = scan_.next()) {
        const std::uint64_t next = want->offset + held_.size(); // first byte still missing
        if (next < offset) {
            held_.clear();
            scan_.refuse(); // gone by
            continue;
        }
        if (next >= offset + length)
            break; // still to come
        const std::uint64_t from = next - offset;
        const std::size_t n = static_cast<std::size_t>(
            std::min<std::uint64_t>(want->length - held_.size(), length - from));
        if (bytes.empty())
            held_.resize(held_.size() + n);
        else
            held_.insert(held_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(from),
                         bytes.begin() + static_cast<std::ptrdiff_t>(from + n));
        if (held_.size() < want->length)
            break;
        const std::vector<std::byte> complete = std::move(held_);
        held_.clear();
        scan_.supply(complete);
    }
    end_ = offset + length;
}

Table PushScan::finish()
{
    while (const auto want = scan_.next()) {
        // A disk that ends inside the want hands over what there is.
        if (!held_.empty() && want->offset + held_.size() == end_)
            scan_.supply(held_);
        else
            scan_.refuse();
        held_.clear();
    }
    return scan_.finish();
}

} // namespace xenlab::partition
