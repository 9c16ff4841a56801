// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in the way of an operation on a VM or a disk, found without changing anything.
#pragma once

#include "pool_view.hpp"

namespace xvm {

struct Obstacle {
    std::string
        kind; ///< "operation", "stale-operation", "blocked", "control-domain", "missing-pbd"…
    std::string message; ///< plain words, foreign text made printable
    std::string hint;    ///< what to do
    std::string task;    ///< uuid of the task, if one is behind it
};

/// Obstacles of a VM: its own, those of its disks, and those of the SRs and hosts it needs.
std::vector<Obstacle> obstacles_of(PoolView& view, const xapi::Ref<xapi::Vm>& ref,
                                   const xapi::Vm& vm);
std::vector<Obstacle> obstacles_of(PoolView& view, const xapi::Object<xapi::Vdi>& vdi);

/// Words about who runs a task, as far as a pool tells: its name, age, progress and host.
std::string describe_task(PoolView& view, const xapi::Task& task);

} // namespace xvm
