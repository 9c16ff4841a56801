// SPDX-License-Identifier: GPL-3.0-or-later
// What the verbs for disks and NICs share.
#pragma once

#include "rows.hpp"

#include <xenlab/xapi/records.hpp>

namespace xvm {

/// VBDs of a VM in the order of their positions.
std::vector<xapi::Object<xapi::Vbd>> vbds_of(const lab::VmTarget& vm);

/// Plugs a new device into a running VM, and says what happened. A guest that cannot take it now
/// gets it at its next start.
std::string plug(const lab::VmTarget& vm, const cli::Context& context, std::string_view method,
                 const xmlrpc::Value& device);

} // namespace xvm
