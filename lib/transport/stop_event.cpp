// SPDX-License-Identifier: GPL-3.0-or-later
#include "stop_event.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/eventfd.h>

namespace xenlab::transport {
namespace {

io::Fd make_event()
{
    io::Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event)
        throw system_error(errno, "eventfd");
    return event;
}

/// For poll(2): rounded up, so that it does not spin through the last millisecond.
int milliseconds_until(TimePoint deadline)
{
    using std::chrono::milliseconds;
    if (deadline == no_deadline)
        return -1;
    const auto left = std::chrono::ceil<milliseconds>(deadline - TimePoint::clock::now());
    return static_cast<int>(std::clamp(left, milliseconds(0), milliseconds(1'000'000)).count());
}

} // namespace

TimePoint deadline_in(std::chrono::milliseconds delay)
{
    const auto now = TimePoint::clock::now();
    if (delay >= std::chrono::duration_cast<std::chrono::milliseconds>(no_deadline - now))
        return no_deadline;
    return now + delay;
}

void StopEvent::Wake::operator()() const noexcept
{
    ::eventfd_write(fd, 1);
}

StopEvent::StopEvent(std::stop_token stop)
    : stop_(std::move(stop)), event_(make_event()), callback_(stop_, Wake{event_.get()})
{
}

void StopEvent::check() const
{
    if (stop_.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
}

void StopEvent::wait(int fd, short events, TimePoint deadline, std::string_view peer) const
{
    std::array<pollfd, 2> wait{pollfd{.fd = fd, .events = events, .revents = 0},
                               pollfd{.fd = event_.get(), .events = POLLIN, .revents = 0}};
    for (;;) {
        check();
        const int n = ::poll(wait.data(), wait.size(), milliseconds_until(deadline));
        if (n < 0 && errno != EINTR)
            throw system_error(errno, "poll");
        if (n > 0 && wait[0].revents != 0 && wait[1].revents == 0)
            return;
        if (n == 0 && TimePoint::clock::now() >= deadline)
            throw Error(Errc::timeout, fmt::format("{}: no answer in time", peer));
    }
}

} // namespace xenlab::transport
