// SPDX-License-Identifier: GPL-3.0-or-later
// ISO images and the drives they go into.
#pragma once

#include "batch.hpp"
#include "pool_view.hpp"

namespace xvm {

struct Iso {
    xapi::Ref<xapi::Vdi> ref;
    xapi::Vdi record;
    std::string sr; ///< name
};

/// All images in SRs of ISOs, by SR and name.
std::vector<Iso> isos_of(lab::Pool& pool);
/// By name, file name, name without .iso, uuid, SR/NAME. Throws Error{not_found, ambiguous}.
Iso find_iso(lab::Pool& pool, const std::string& word);

/// A CD drive of the VM and what is in it.
struct Drive {
    xapi::Ref<xapi::Vbd> ref;
    xapi::Vbd record;
};
/// Its first CD drive; nothing without one.
std::optional<Drive> drive_of(Job& job);

/// VBD.eject; an empty drive is fine. True when something was taken out.
bool eject(Job& job, const Drive& drive);

} // namespace xvm
