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
    set.add_option("VM", o.vm, "Name, uuid or start of the uuid of a VM; 'glob*', @FILE: of many")
        .type_name("VM")
        .required();
    set.add_option("DEVICE", o.devices, "Disks of it: positions (0, 1…), devices (xvdb) or uuids")
        .type_name("DEVICE")
        .required();
    set.add_flag("--delete", o.destroy, "Also delete the disks, with all that is on them");
    declare_parallel_changes(set, o.change, true);
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

struct Chosen {
    const lab::VmTarget* vm;
    xapi::Object<xapi::Vbd> vbd;
    std::string name, uuid; ///< of the disk, if there is one
};

/// The disks of one VM that were named. Throws Error{not_found}.
std::vector<Chosen> chosen_of(const lab::VmTarget& vm, PoolView& view, const Options& o)
{
    std::vector<Chosen> chosen;
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
        const xapi::Vdi* vdi = view.find(found->record.VDI);
        chosen.push_back({&vm, *found, vdi == nullptr ? found->record.userdevice : vdi->name_label,
                          vdi == nullptr ? found->record.uuid : vdi->uuid});
    }
    return chosen;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, {.words = {o.vm}, .filters = {}});
    std::unordered_map<lab::Pool*, PoolView> views;
    std::vector<Chosen> chosen; // all of them are there before anything is done
    for (const lab::VmTarget& vm : vms)
        for (Chosen& one : chosen_of(vm, views.try_emplace(vm.pool, *vm.pool).first->second, o))
            chosen.push_back(std::move(one));
    if (o.destroy && !chosen.empty())
        confirm(o.change, context,
                fmt::format("delete {} disk{} of {}", chosen.size(), chosen.size() == 1 ? "" : "s",
                            vms.size() == 1 ? text::quoted(vms.front().record.name_label)
                                            : fmt::format("{} VMs", vms.size())));
    Changes changes(context, "xvm.disk.rm/1", o.change);
    for (const Chosen& one : chosen)
        changes.add(
            *one.vm->pool, one.name, one.uuid,
            [&] {
                return remove_vbd(*one.vm->pool, one.vbd, o, one.vm->record.power_state, context);
            },
            one.vm->record.uuid);
    return changes.run();
}

} // namespace

Verb disk_rm_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "disk rm",
         .summary = "detach disks from VMs, and delete them if asked to",
         .schema = "xvm.disk.rm/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm disk rm web1 0 --dry-run", "What detaching the first disk means"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
