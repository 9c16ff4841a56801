// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "xvm.hpp"

namespace xvm {

/// The disks (no CDs) that are attached to this VM and to no other: what may go with it.
std::vector<xapi::Ref<xapi::Vdi>> own_disks(lab::Pool& pool, const xapi::Ref<xapi::Vm>& ref,
                                            const xapi::Vm& vm);

} // namespace xvm
