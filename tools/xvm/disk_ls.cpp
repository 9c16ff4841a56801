// SPDX-License-Identifier: GPL-3.0-or-later
// xvm disk ls: the disks and drives of VMs.
#include "devices.hpp"
#include "listing.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    lab::TargetOptions targets;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
}

const std::vector<std::string_view> columns{"vm", "device", "type", "mode",     "size",   "used",
                                            "sr", "name",   "uuid", "attached", "vm_uuid"};

void add_row(Listing& list, const lab::VmTarget& vm, const xapi::Vbd& vbd, PoolView& view,
             const cli::Context& context)
{
    const xapi::Vdi* vdi = view.find(vbd.VDI);
    const std::string device = vbd.device.empty() ? vbd.userdevice : vbd.device;
    ordered_json item{{"vm", vm.record.name_label},
                      {"vm_uuid", vm.record.uuid},
                      {"device", device},
                      {"position", vbd.userdevice},
                      {"type", text::to_lower(vbd.type)},
                      {"mode", text::to_lower(vbd.mode)},
                      {"bootable", vbd.bootable},
                      {"attached", vbd.currently_attached},
                      {"vdi", nullptr}};
    if (vdi != nullptr)
        item["vdi"] = {{"uuid", vdi->uuid},
                       {"name", vdi->name_label},
                       {"size", vdi->virtual_size},
                       {"used", vdi->physical_utilisation},
                       {"sr", view.name(vdi->SR)}};
    list.add({vm.label(), device, text::to_lower(vbd.type), text::to_lower(vbd.mode),
              vdi == nullptr ? "" : size_cell(context, vdi->virtual_size),
              vdi == nullptr ? "" : size_cell(context, vdi->physical_utilisation),
              vdi == nullptr ? "" : view.name(vdi->SR),
              vdi == nullptr ? (vbd.empty ? "" : "(gone)") : vdi->name_label,
              vdi == nullptr ? "" : vdi->uuid, vbd.currently_attached ? "yes" : "no",
              vm.record.uuid},
             std::move(item));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, o.targets);
    std::unordered_map<lab::Pool*, PoolView> views;
    Listing list(context, "xvm.disk.ls/1", columns,
                 {"vm", "device", "type", "mode", "size", "used", "sr", "name", "attached"});
    for (const lab::VmTarget& vm : vms) {
        PoolView& view = views.try_emplace(vm.pool, *vm.pool).first->second;
        for (const auto& vbd : vbds_of(vm))
            add_row(list, vm, vbd.record, view, context);
    }
    list.finish();
    return 0;
}

} // namespace

Verb disk_ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "disk ls",
         .summary = "list the disks and drives of VMs",
         .schema = "xvm.disk.ls/1",
         .formats = list_formats,
         .columns = columns,
         .examples = {{"xvm disk ls web1", "What is attached to a VM"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
