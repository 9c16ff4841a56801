// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "xvm.hpp"

namespace xvm {

/// Standard input and output are the VM's text console, also after a reboot or migration. Returns
/// at the escape key (Ctrl-], only from a terminal). Throws Error{precondition} when the VM has
/// none, Error{interrupted}, and what standard output does wrong.
void text_console(const lab::VmTarget& vm, cli::Context& context);

} // namespace xvm
