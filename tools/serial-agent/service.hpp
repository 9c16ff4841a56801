// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace xenlab::agent {

struct Options {
    std::string port, secret;
    unsigned baud = 115200;
    std::uint16_t mtu = 2048, window = 24 * 1024;
    bool once = false;
};

/// Serves for ever; returns only when the port cannot be used.
int run_agent(const Options& options);
/// The same under the service manager of Windows; elsewhere the same as run_agent().
int run_service(const Options& options);

} // namespace xenlab::agent
