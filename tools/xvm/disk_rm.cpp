// SPDX-License-Identifier: GPL-3.0-or-later
// xvm disk rm: detach disks; they are kept unless their deletion is asked for.
#include "devices.hpp"
#include "listing.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {
namespace {

struct Options {
    std::string vm;
    std::vector<std::string> devices;
    bool destroy = false;
    ChangeOptions change;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("VM", o.vm, "Name, uuid or start of the uuid of a VM")
        .type_name("VM")
        .required();
    set.add_option("DEVICE", o.devices, "Disks of it: positions (0, 1…), devices (xvdb) or uuids")
        .type_name("DEVICE")
        .required();
    set.add_flag("--delete", o.destroy, "Also delete the disks, with all that is on them");
    declare_change_options(set, o.change, true);
}

Done remove_vbd(lab::Pool& pool, const xapi::Object<xapi::Vbd>& vbd, const Options& o,
                const std::string& power, const cli::Context& context)
{
    const bool hot = vbd.record.currently_attached && power == "Running";
    if (power == "Suspended" && vbd.record.currently_attached)
        throw Error(Errc::precondition, "the VM is suspended with this disk attached",
                    "resume or halt it first");
    const bool destroy = o.destroy && vbd.record.type == "Disk" && vbd.record.VDI;
    if (o.change.dry_run)
        return {.message = fmt::format("would {}detach it{}", hot ? "unplug and " : "",
                                       destroy ? " and delete the disk" : "")};
    if (hot)
        run_task(pool, context, "VBD.unplug", {value(vbd.ref)});
    pool.session().call("VBD.destroy", {value(vbd.ref)});
    if (destroy)
        run_task(pool, context, "VDI.destroy", {value(vbd.record.VDI)});
    return {.message = destroy ? "deleted" : "detached, the disk is kept"};
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const lab::VmTarget vm = lab::resolve_vm(pools, o.vm);
    PoolView view(*vm.pool);
    std::vector<xapi::Object<xapi::Vbd>> chosen;
    const auto vbds = vbds_of(vm);
    for (const std::string& device : o.devices) {
        const auto found = std::find_if(vbds.begin(), vbds.end(), [&](const auto& vbd) {
            const xapi::Vdi* vdi = view.find(vbd.record.VDI);
            return vbd.record.userdevice == device || vbd.record.device == device ||
                   vbd.record.uuid == device || (vdi != nullptr && vdi->uuid == device);
        });
        if (found == vbds.end())
            throw Error(Errc::not_found,
                        fmt::format("{} has no disk {}", text::quoted(vm.record.name_label),
                                    text::quoted(device)),
                        "xvm disk ls shows them");
        chosen.push_back(*found);
    }
    if (o.destroy)
        confirm(o.change, context,
                fmt::format("delete {} disk{} of {}", chosen.size(), chosen.size() == 1 ? "" : "s",
                            text::quoted(vm.record.name_label)));
    Rows rows(context, "xvm.disk.rm/1", o.change);
    for (const auto& vbd : chosen) {
        const xapi::Vdi* vdi = view.find(vbd.record.VDI);
        rows.run(*vm.pool, vdi == nullptr ? vbd.record.userdevice : vdi->name_label,
                 vdi == nullptr ? vbd.record.uuid : vdi->uuid,
                 [&] { return remove_vbd(*vm.pool, vbd, o, vm.record.power_state, context); });
    }
    return rows.finish();
}

} // namespace

Verb disk_rm_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "disk rm",
         .summary = "detach disks from a VM, and delete them if asked to",
         .schema = "xvm.disk.rm/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm disk rm web1 0 --dry-run", "What detaching the first disk means"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
