// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for a descriptor, a deadline and a stop_token at once.
#pragma once

#include <xenlab/io/fd.hpp>
#include <xenlab/transport/channel.hpp>

#include <stop_token>
#include <string_view>

namespace xenlab::transport {

/// A stop_token as something poll(2) can wait for; made once for many waits. Used by one thread.
class StopEvent {
  public:
    explicit StopEvent(std::stop_token stop);

    /// Returns when poll(2) reports something on `fd`. Throws Error{timeout} "PEER: no answer in
    /// time" at the deadline, Error{interrupted} as soon as a stop is requested.
    void wait(int fd, short events, TimePoint deadline, std::string_view peer) const;

    /// Throws Error{interrupted} if a stop was requested.
    void check() const;

  private:
    struct Wake {
        int fd;
        void operator()() const noexcept;
    };
    std::stop_token stop_;
    io::Fd event_;
    std::stop_callback<Wake> callback_; ///< last: uses event_
};

} // namespace xenlab::transport
