// SPDX-License-Identifier: GPL-3.0-or-later
#include "streams.hpp"

namespace xenlab::transfer {

std::size_t DownloadSource::read(std::span<std::byte> buffer)
{
    std::size_t n = 0;
    watchdog_.wait_begins();
    try {
        n = stream_.read(buffer, transport::no_deadline);
    } catch (const Error& error) {
        watchdog_.wait_ends();
        if (error.code() == Errc::unreachable)
            return 0; // a reset: whether that was the end is for the reader and the task to say
        if (error.code() != Errc::interrupted)
            throw;
        if (watchdog_.task_ended())
            return 0;
        watchdog_.check();
        throw;
    }
    watchdog_.wait_ends();
    if (n > 0 && first_)
        std::exchange(first_, nullptr)();
    position_ += n;
    return n;
}

} // namespace xenlab::transfer
