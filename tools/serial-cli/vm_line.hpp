// SPDX-License-Identifier: GPL-3.0-or-later
// vm:NAME: the serial port of a VM of a pool. XAPI says on which host it runs and as which domain,
// SSH leads there: to the terminal that xenstore names, or to the loopback port where hvm_serial
// has a TCP server.
#pragma once

#include "target.hpp"

#include <xenlab/io/fd.hpp>

#include <memory>
#include <stop_token>
#include <string>

namespace xenlab::serial_cli {

/// How to reach the pool and its hosts; what is empty comes from the environment and the contexts.
struct PoolOptions {
    std::string context, host, password_file, pin, ssh_config;
};

/// Knows the VM's place from events, over reboots and migrations. Destroying it closes what it
/// opened.
class VmLine {
  public:
    VmLine(const PoolOptions& options, std::string vm);
    ~VmLine();
    VmLine(const VmLine&) = delete;
    VmLine& operator=(const VmLine&) = delete;

    /// Connects to where the VM is now, and leaves what was open before. The descriptor ends when
    /// the VM leaves that place. Throws Error: precondition for a VM that does not run or has no
    /// such port; not_found, ambiguous; unreachable for pool and host. One thread at a time.
    OpenedLine open(const std::stop_token& stop);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::serial_cli
