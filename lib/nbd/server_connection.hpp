// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <xenlab/nbd/server.hpp>
#include <xenlab/transport/channel.hpp>

#include <vector>

namespace xenlab::nbd {

/// One client from beginning to end. Throws nothing but what the callbacks of `options` are told
/// about: a connection that fails concerns nobody else. Used by serve(), tests and the fuzzer.
void serve_connection(transport::Channel& channel, const std::vector<Export>& exports,
                      const ServerOptions& options) noexcept;

} // namespace xenlab::nbd
