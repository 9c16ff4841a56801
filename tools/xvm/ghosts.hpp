// SPDX-License-Identifier: GPL-3.0-or-later
// What interrupted work and dead hosts leave in a pool, with the evidence for it.
#pragma once

#include "pool_view.hpp"

#include <set>

namespace xvm {

struct Ghost {
    enum class Fix {
        none,        ///< only told
        reset,       ///< VM.power_state_reset, which the server refuses while a domain lives
        release,     ///< VBD.unplug and destroy, never the disk
        transfer_vm, ///< the old Transfer VM, its VBDs, and disks that carry its own mark
    };
    std::string evidence;   ///< "host-dead", "no-domain", "stale-operation", "dom0-vbd"…
    std::string class_name; ///< "VM", "VBD", "task"
    std::string ref, uuid;
    std::string name;
    std::string message; ///< the evidence in plain words
    std::string advice;  ///< what fix does, or what a person can do
    Fix fix = Fix::none;
};

struct GhostOptions {
    std::chrono::milliseconds older{std::chrono::hours(1)}; ///< transfer VMs younger than this live
};

/// All of them, in a fixed order. Only looks.
std::vector<Ghost> find_ghosts(PoolView& view, const GhostOptions& options);

/// Looks once more whether it is still one (Error{precondition} if not), and mends it. Returns what
/// was done. Disks with data of users are never destroyed.
std::string fix_ghost(lab::Pool& pool, const Ghost& ghost, const GhostOptions& options,
                      const cli::Context& context);

} // namespace xvm
