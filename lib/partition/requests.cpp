// SPDX-License-Identifier: GPL-3.0-or-later
#include "requests.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace xenlab::partition {
namespace {

constexpr std::size_t max_window = 2 * Requests::max_length;

} // namespace

void Requests::ask(std::uint64_t offset, std::size_t length, Reply reply)
{
    assert(length <= max_length);
    pending_.emplace(offset, Request{length, std::move(reply)});
}

std::size_t Requests::clipped(std::uint64_t offset, std::size_t length) const
{
    const std::uint64_t end = disk_size_.value_or(std::numeric_limits<std::uint64_t>::max());
    return offset < end ? static_cast<std::size_t>(std::min<std::uint64_t>(length, end - offset))
                        : 0;
}

std::optional<bytes::View> Requests::in_window(std::uint64_t offset, std::size_t length) const
{
    if (length == 0)
        return bytes::View{};
    if (offset < window_start_ || offset > window_end() || length > window_end() - offset)
        return std::nullopt;
    return bytes::View{window_}.subspan(static_cast<std::size_t>(offset - window_start_), length);
}

Requests::Request Requests::take(Pending::iterator at)
{
    Request request = std::move(at->second);
    pending_.erase(at);
    return request;
}

void Requests::settle()
{
    for (auto at = pending_.begin(); at != pending_.end();) {
        const auto data = in_window(at->first, clipped(at->first, at->second.length));
        if (!data) {
            ++at;
            continue;
        }
        take(at).reply(data);
        at = pending_.begin(); // the reply may have asked for something in front
    }
}

std::optional<Want> Requests::next() const
{
    if (pending_.empty())
        return std::nullopt;
    const std::uint64_t offset = pending_.begin()->first;
    const std::uint64_t end = offset + clipped(offset, pending_.begin()->second.length);
    const bool inside = offset >= window_start_ && offset < window_end();
    const std::uint64_t from = inside ? window_end() : offset;
    return Want{.offset = from, .length = static_cast<std::size_t>(end - from)};
}

void Requests::keep(std::uint64_t offset, bytes::View data)
{
    if (offset != window_end() || window_.empty()) {
        window_.clear();
        window_start_ = offset;
    }
    window_.insert(window_.end(), data.begin(), data.end());
    if (window_.size() > max_window) {
        const std::size_t excess = window_.size() - max_window;
        window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(excess));
        window_start_ += excess;
    }
}

void Requests::supply(bytes::View data)
{
    const auto want = next();
    if (!want)
        return;
    if (data.size() < want->length)
        disk_size_ = want->offset + data.size();
    keep(want->offset, data.first(std::min(data.size(), want->length)));
    settle();
}

void Requests::refuse()
{
    if (pending_.empty())
        return;
    take(pending_.begin()).reply(std::nullopt);
    settle();
}

} // namespace xenlab::partition
