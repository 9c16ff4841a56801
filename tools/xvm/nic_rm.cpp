// SPDX-License-Identifier: GPL-3.0-or-later
// xvm nic rm: take network cards from VMs.
#include "devices.hpp"
#include "listing.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    std::string vm;
    std::vector<std::string> devices;
    ChangeOptions change;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("VM", o.vm, "Name, uuid or start of the uuid of a VM; 'glob*', @FILE: of many")
        .type_name("VM")
        .required();
    set.add_option("DEVICE", o.devices, "Cards of it: positions (0, 1…), MAC addresses or uuids")
        .type_name("DEVICE")
        .required();
    declare_parallel_changes(set, o.change, false);
}

Done remove(lab::Pool& pool, const xapi::Object<xapi::Vif>& vif, bool running, const Options& o,
            const cli::Context& context)
{
    const bool hot = vif.record.currently_attached && running;
    if (o.change.dry_run)
        return {.message = hot ? "would unplug and remove it" : "would remove it"};
    if (hot)
        run_task(pool, context, "VIF.unplug", {value(vif.ref)});
    pool.session().call("VIF.destroy", {value(vif.ref)});
    return {.message = "removed"};
}

/// The cards of one VM that were named. Throws Error{not_found}.
std::vector<xapi::Object<xapi::Vif>> chosen_of(const lab::VmTarget& vm, const Options& o)
{
    const auto vifs =
        vm.pool->session().get_all<xapi::Vif>(fmt::format("field \"VM\" = \"{}\"", vm.ref.str()));
    std::vector<xapi::Object<xapi::Vif>> chosen;
    for (const std::string& device : o.devices) {
        const std::size_t before = chosen.size();
        for (const auto& vif : vifs)
            if (vif.record.device == device || vif.record.uuid == device ||
                vif.record.MAC == text::to_lower(device))
                chosen.push_back(vif);
        if (chosen.size() == before)
            throw Error(Errc::not_found,
                        fmt::format("{} has no card {}", text::quoted(vm.record.name_label),
                                    text::quoted(device)),
                        "xvm nic ls shows them");
    }
    return chosen;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, {.words = {o.vm}, .filters = {}});
    Changes changes(context, "xvm.nic.rm/1", o.change);
    for (const lab::VmTarget& vm : vms)
        for (auto& vif : chosen_of(vm, o)) {
            std::string name = vm.label() + "/" + vif.record.device;
            std::string uuid = vif.record.uuid;
            changes.add(
                *vm.pool, std::move(name), std::move(uuid),
                [&, vif = std::move(vif)] {
                    return remove(*vm.pool, vif, vm.record.power_state == "Running", o, context);
                },
                vm.record.uuid);
        }
    return changes.run();
}

} // namespace

Verb nic_rm_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "nic rm",
         .summary = "take network cards from VMs",
         .schema = "xvm.nic.rm/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm nic rm web1 0 --dry-run", "See what would be removed"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
