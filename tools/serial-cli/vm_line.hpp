// SPDX-License-Identifier: GPL-3.0-or-later
// vm:NAME: will find the port of a VM through XAPI and reach it by SSH to its host; refused so far.
#pragma once

#include "target.hpp"

namespace xenlab::serial_cli {

io::Fd open_vm_line(const Target& target, const std::stop_token& stop);

} // namespace xenlab::serial_cli
