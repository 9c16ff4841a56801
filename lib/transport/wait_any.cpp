// SPDX-License-Identifier: GPL-3.0-or-later
#include "half_close.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/transport/wait_any.hpp>

#include <algorithm>
#include <cerrno>

#include <poll.h>

namespace xenlab::transport {
namespace {

// How often a stop request is looked for.
constexpr std::chrono::milliseconds slice{200};

Pollable& pollable(Channel* channel)
{
    auto* found = dynamic_cast<Pollable*>(channel);
    if (found == nullptr)
        throw Error(Errc::failed, "a channel that cannot be waited for");
    return *found;
}

} // namespace

std::vector<std::size_t> wait_any(std::span<Channel* const> channels, TimePoint deadline,
                                  const std::stop_token& stop)
{
    std::vector<std::size_t> ready;
    std::vector<pollfd> waits;
    for (std::size_t i = 0; i < channels.size(); ++i) {
        const Pollable& channel = pollable(channels[i]);
        if (channel.buffered())
            ready.push_back(i);
        waits.push_back({.fd = channel.descriptor(), .events = POLLIN, .revents = 0});
    }
    while (ready.empty()) {
        if (stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            std::min<TimePoint::duration>(deadline - std::chrono::steady_clock::now(), slice));
        if (left.count() <= 0)
            break;
        if (::poll(waits.data(), waits.size(), static_cast<int>(left.count())) < 0 &&
            errno != EINTR)
            throw system_error(errno, "poll");
        for (std::size_t i = 0; i < waits.size(); ++i)
            if (waits[i].revents != 0 && pollable(channels[i]).advance())
                ready.push_back(i);
    }
    return ready;
}

} // namespace xenlab::transport
