// SPDX-License-Identifier: GPL-3.0-or-later
// What is done on the host of a VM to reach its port.
#pragma once

#include "target.hpp"
#include "vm_pump.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace xenlab::serial_cli {

struct VmPort {
    std::string vm, host; ///< names, for messages; printable
    std::string uuid;
    unsigned domid = 0;
    bool serial = true; ///< an emulated port; else the console of a PV guest
    std::string owner;  ///< of this broker: what it left there may be ended
};

/// Opens the terminal that xenstore names for the port, raw, and locked against others. Throws
/// Error: precondition when there is none or somebody else has it; unreachable when the VM has just
/// left.
OpenedLine open_host_terminal(VmPump& pump, const VmPort& port);

/// Connects to the host's loopback address. Throws Error{unreachable} when nobody listens.
OpenedLine open_host_tcp(VmPump& pump, const VmPort& port, std::uint16_t number);

} // namespace xenlab::serial_cli
