// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks of a pool with the VMs they work on.
#pragma once

#include "batch.hpp"
#include "pool_view.hpp"

namespace xvm {

struct TaskRow {
    xapi::Ref<xapi::Task> ref;
    xapi::Task record;
    std::string vm; ///< names, of those in whose current_operations it is
};

/// Pending ones, or all; oldest first.
std::vector<TaskRow> tasks_of(PoolView& view, bool all);
/// Those that words mean: uuid, its start, reference, name (glob). Throws Error{not_found}.
std::vector<TaskRow> pick_tasks(PoolView& view, const std::vector<std::string>& words,
                                const std::stop_token& stop);

} // namespace xvm
