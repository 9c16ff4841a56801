// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::nbd {

std::size_t Input::take(std::span<std::byte> buffer)
{
    const std::size_t n = std::min(buffer.size(), filled_ - at_);
    std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
    at_ += n;
    return n;
}

bool Input::wait(TimePoint deadline)
{
    if (ahead())
        return true;
    at_ = filled_ = 0;
    filled_ = channel_->read(held_, deadline);
    return filled_ > 0;
}

bool Input::read_or_end(std::span<std::byte> buffer, TimePoint deadline, std::string_view what)
{
    std::size_t done = take(buffer);
    while (done < buffer.size()) {
        const auto rest = buffer.subspan(done);
        std::size_t n = 0;
        if (rest.size() >= held_.size())
            n = channel_->read(rest, deadline); // payload: straight to its place
        else if (wait(deadline))
            n = take(rest);
        if (n == 0 && done == 0)
            return false;
        if (n == 0)
            throw Error(Errc::unreachable,
                        fmt::format("{}: the peer closed the connection inside of its {}",
                                    channel_->peer(), what));
        done += n;
    }
    return true;
}

void Input::read(std::span<std::byte> buffer, TimePoint deadline, std::string_view what)
{
    if (!buffer.empty() && !read_or_end(buffer, deadline, what))
        throw Error(Errc::unreachable,
                    fmt::format("{}: the peer closed the connection", channel_->peer()));
}

void Input::skip(std::uint64_t count, TimePoint deadline, std::string_view what)
{
    std::array<std::byte, 16384> dropped{};
    while (count > 0) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(count, dropped.size()));
        read(std::span(dropped).first(n), deadline, what);
        count -= n;
    }
}

void Input::move_to(transport::Channel& channel)
{
    channel_ = &channel;
    at_ = filled_ = 0;
}

} // namespace xenlab::nbd
