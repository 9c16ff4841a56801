// SPDX-License-Identifier: GPL-3.0-or-later
// Who holds a disk, and whether it may be taken from them.
#pragma once

#include "pool_view.hpp"

namespace xvm {

struct Holder {
    xapi::Ref<xapi::Vbd> vbd_ref;
    const xapi::Vbd* vbd;
    const xapi::Vm* vm; ///< nullptr: gone
    bool dom0 = false;  ///< the control domain: a transfer, or what is left of one
    bool stale = false; ///< dom0, and nothing in the pool seems to need it
    std::string why;    ///< in plain words
};

/// All VBDs of the disk, those that are attached first.
std::vector<Holder> holders(PoolView& view, const xapi::Object<xapi::Vdi>& vdi);

/// A VBD of a control domain: stale unless an operation on it is going on or any transfer runs in
/// the pool (which of its disks a task uses is not to be known). Disks that control domains keep
/// for themselves (HA, redo log, suspend images…) are never stale. `why` gets the reason.
bool stale_in_dom0(PoolView& view, const xapi::Vbd& vbd, std::string& why);

/// Unplugs (by force if need be) and destroys a VBD of a control domain, after another look that it
/// is still stale: it, never the disk. Throws Error{precondition} when somebody uses it now.
void release_from_dom0(lab::Pool& pool, const xapi::Ref<xapi::Vbd>& ref,
                       const cli::Context& context);

} // namespace xvm
