// SPDX-License-Identifier: GPL-3.0-or-later
// run on several targets at once: a row of JSON for each.
#pragma once

#include "client.hpp"

#include <string>
#include <vector>

namespace xenlab::serial_cli {

/// Runs ourselves once for each target, `parallel` at a time, with `words` (the verb, its options
/// and the command). Prints what each printed, in the order of the targets. Exit code: 0; that of
/// all when all failed alike; else 8, or 1 when none went well.
int run_many(const Globals& globals, const std::vector<std::string>& words, unsigned parallel,
             cli::Context& context);

} // namespace xenlab::serial_cli
