// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshots of a VM, oldest first.
#pragma once

#include "batch.hpp"

namespace xvm {

/// Their records; one request each, none for a VM without snapshots.
std::vector<xapi::Object<xapi::Vm>> snapshots_of(lab::Pool& pool, const xapi::Vm& vm);

/// The one of that name or uuid, or the newest when `word` is empty. Throws Error{not_found},
/// Error{ambiguous}.
const xapi::Object<xapi::Vm>& pick_snapshot(const std::vector<xapi::Object<xapi::Vm>>& snapshots,
                                            const std::string& word);

/// Destroys a snapshot with the disks that belong to it alone.
void destroy_snapshot(Job& job, const xapi::Object<xapi::Vm>& snapshot);

} // namespace xvm
