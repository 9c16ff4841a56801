// SPDX-License-Identifier: GPL-3.0-or-later
// Several channels in one thread, for whoever copies between them.
#pragma once

#include <xenlab/transport/channel.hpp>

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

namespace xenlab::transport {

/// Waits until some of the channels have bytes to read or have ended; returns their indices, none
/// at the deadline. They must be sockets of this module, with or without TLS, or what
/// HttpStream::release() gave. Throws Error{interrupted} when a stop is requested.
std::vector<std::size_t> wait_any(std::span<Channel* const> channels, TimePoint deadline,
                                  const std::stop_token& stop);

} // namespace xenlab::transport
