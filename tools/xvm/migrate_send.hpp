// SPDX-License-Identifier: GPL-3.0-or-later
// VM.migrate_send: a VM with its disks to other storage, or to another pool.
#pragma once

#include "batch.hpp"
#include "pool_view.hpp"

namespace xvm {

/// Where VMs go; the same for all of a batch. Thread-safe.
struct Destination {
    PoolView& view; ///< of the pool they go to
    /// Of that pool; without one a VM stays on its host.
    const xapi::Object<xapi::Host>* host = nullptr;
    std::string sr;      ///< as given; "": the default SR of the other pool
    std::string network; ///< as given; "": the network of the same name
};

/// Sends one VM. Throws what Job::run() throws, Error{precondition, not_found}.
Row send_vm(Job& job, const Destination& destination);

} // namespace xvm
