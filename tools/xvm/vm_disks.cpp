// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm_disks.hpp"

namespace xvm {

std::vector<xapi::Ref<xapi::Vdi>> own_disks(lab::Pool& pool, const xapi::Ref<xapi::Vm>& ref,
                                            const xapi::Vm& vm)
{
    std::vector<xapi::Ref<xapi::Vdi>> disks;
    for (const auto& vbd_ref : vm.VBDs) {
        const xapi::Vbd vbd = pool.session().get_record(vbd_ref);
        if (vbd.type != "Disk" || vbd.empty || !vbd.VDI || vbd.VM != ref)
            continue;
        const xapi::Vdi vdi = pool.session().get_record(vbd.VDI);
        bool shared = vdi.sharable || vdi.read_only;
        for (const auto& other : vdi.VBDs)
            shared = shared || other != vbd_ref;
        if (!shared)
            disks.push_back(vbd.VDI);
    }
    return disks;
}

} // namespace xvm
