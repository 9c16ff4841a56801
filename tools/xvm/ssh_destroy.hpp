// SPDX-License-Identifier: GPL-3.0-or-later
// The rung of last resort: in dom0, over SSH.
#pragma once

#include "xvm.hpp"

namespace xvm {

/// Looks the domain of the VM's uuid up on its host (never trusting a number that may have been
/// given away meanwhile) and destroys it. A host without such a domain is fine. Throws Error.
void destroy_domain(const lab::VmTarget& vm, transport::TimePoint deadline,
                    const std::stop_token& stop);

} // namespace xvm
