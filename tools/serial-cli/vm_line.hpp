// SPDX-License-Identifier: GPL-3.0-or-later
// vm:NAME: finds the port of a VM through XAPI and reaches it by SSH to its host.
#pragma once

#include "target.hpp"

namespace xenlab::serial_cli {

io::Fd open_vm_line(const Target& target, const std::stop_token& stop);

} // namespace xenlab::serial_cli
