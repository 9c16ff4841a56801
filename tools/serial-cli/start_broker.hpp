// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace xenlab::serial_cli {

/// A connection to the target's broker, which is started in the background if there is none.
io::Fd start_broker(const Target& target, const Globals& globals, const std::stop_token& stop);

/// Only one broker runs for a target: the lock is held as long as it lives. Nothing when another
/// has it.
std::optional<io::Fd> lock_target(const Target& target);

/// The options of the command line that these values come from.
std::vector<std::string> globals_but_target(const Globals& globals);

} // namespace xenlab::serial_cli
