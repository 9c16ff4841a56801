// SPDX-License-Identifier: GPL-3.0-or-later
// xvm nic ls: the network cards of VMs, with the addresses that the guest tools report.
#include "listing.hpp"
#include "pool_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

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

const std::vector<std::string_view> columns{"vm", "device",   "network", "mac",
                                            "ip", "attached", "uuid",    "vm_uuid"};

/// Of the keys "0/ip", "0/ipv4/0", "0/ipv6/1" those of one card.
std::vector<std::string> addresses(const xapi::GuestMetrics& metrics, const std::string& device)
{
    std::vector<std::string> found;
    for (const auto& [key, address] : metrics.networks)
        if (key.starts_with(device + "/ip") && !address.starts_with("fe80") &&
            std::find(found.begin(), found.end(), address) == found.end())
            found.push_back(address);
    return found;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, o.targets);
    std::unordered_map<lab::Pool*, PoolView> views;
    Listing list(context, "xvm.nic.ls/1", columns,
                 {"vm", "device", "network", "mac", "ip", "attached"});
    for (const lab::VmTarget& vm : vms) {
        PoolView& view = views.try_emplace(vm.pool, *vm.pool).first->second;
        xapi::GuestMetrics metrics;
        if (vm.record.guest_metrics && vm.record.power_state != "Halted")
            metrics = vm.pool->session().get_record(vm.record.guest_metrics);
        std::vector<const xapi::Vif*> vifs;
        for (const auto& vif : view.all<xapi::Vif>())
            if (vif.record.VM == vm.ref)
                vifs.push_back(&vif.record);
        std::sort(vifs.begin(), vifs.end(),
                  [](const auto* a, const auto* b) { return a->device < b->device; });
        for (const xapi::Vif* vif : vifs) {
            const auto ip = addresses(metrics, vif->device);
            ordered_json item{{"vm", vm.record.name_label},
                              {"vm_uuid", vm.record.uuid},
                              {"device", vif->device},
                              {"network", view.name(vif->network)},
                              {"mac", vif->MAC},
                              {"mtu", vif->MTU},
                              {"ip", ip},
                              {"attached", vif->currently_attached},
                              {"uuid", vif->uuid}};
            list.add({vm.label(), vif->device, view.name(vif->network), vif->MAC,
                      fmt::format("{}", fmt::join(ip, ",")), vif->currently_attached ? "yes" : "no",
                      vif->uuid, vm.record.uuid},
                     std::move(item));
        }
    }
    list.finish();
    return 0;
}

} // namespace

Verb nic_ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "nic ls",
         .summary = "list the network cards of VMs",
         .schema = "xvm.nic.ls/1",
         .formats = list_formats,
         .columns = columns,
         .examples = {{"xvm nic ls web1", "The cards of a VM, with their addresses"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
