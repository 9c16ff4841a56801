// SPDX-License-Identifier: GPL-3.0-or-later
#include "passage.hpp"

#include <xenlab/base/error.hpp>

#include <algorithm>

namespace xenlab::xva {
namespace {

constexpr std::size_t most_held = 4U << 20U;
constexpr std::size_t compact_at = 1U << 20U;

} // namespace

std::size_t Passage::read(std::span<std::byte> buffer)
{
    const std::size_t n = source_->read(buffer);
    bytes_.insert(bytes_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n));
    const std::size_t held = bytes_.size() - begin_;
    if (held > most_held + look_ahead_)
        pass_until(base_ + held - look_ahead_);
    return n;
}

std::uint64_t Passage::skip(std::uint64_t count)
{
    std::vector<std::byte> scratch(std::min<std::uint64_t>(count, 256U << 10U));
    std::uint64_t done = 0;
    while (done < count) {
        const auto n = read(std::span(scratch).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(count - done, scratch.size()))));
        if (n == 0)
            break;
        done += n;
    }
    return done;
}

std::size_t Passage::count_until(std::uint64_t place) const
{
    const std::size_t held = bytes_.size() - begin_;
    if (place < base_ || place - base_ > held)
        throw Error(Errc::failed, "a place of the archive that is not held");
    return static_cast<std::size_t>(place - base_);
}

void Passage::remove(std::size_t count)
{
    begin_ += count;
    base_ += count;
    if (begin_ < compact_at && begin_ < bytes_.size())
        return;
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
}

void Passage::pass_until(std::uint64_t place)
{
    const std::size_t count = count_until(place);
    out_.write(std::span(bytes_).subspan(begin_, count));
    remove(count);
}

void Passage::drop_until(std::uint64_t place)
{
    remove(count_until(place));
}

std::span<const std::byte> Passage::held(std::uint64_t place, std::size_t length) const
{
    const std::size_t at = count_until(place);
    static_cast<void>(count_until(place + length));
    return std::span(bytes_).subspan(begin_ + at, length);
}

} // namespace xenlab::xva
