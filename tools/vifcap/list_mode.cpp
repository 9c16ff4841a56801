// SPDX-License-Identifier: GPL-3.0-or-later
// --list, TAB and Wireshark's list: the NICs of running VMs.
#include "nics.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/lab/names.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace vifcap {

using namespace xenlab;
using nlohmann::ordered_json;

std::vector<Nic> running_nics(lab::Pools& pools)
{
    std::vector<Nic> nics;
    const auto chosen = pools.chosen();
    for (lab::Pool* pool : chosen) {
        std::map<xapi::Ref<xapi::Vm>, xapi::Vm> vms;
        for (auto& vm : pool->session().get_all<xapi::Vm>())
            if (!vm.record.is_a_template && !vm.record.is_a_snapshot &&
                !vm.record.is_control_domain && vm.record.power_state == "Running")
                vms.emplace(vm.ref, std::move(vm.record));
        std::map<xapi::Ref<xapi::Network>, std::string> networks;
        for (auto& network : pool->session().get_all<xapi::Network>())
            networks[network.ref] = network.record.name_label;
        for (const auto& vif : pool->session().get_all<xapi::Vif>()) {
            const auto vm = vms.find(vif.record.VM);
            if (vm == vms.end())
                continue;
            const auto* host = pool->host(vm->second.resident_on);
            nics.push_back({.vm = (chosen.size() > 1 ? pool->name() + "/" : std::string()) +
                                  vm->second.name_label,
                            .device = vif.record.device,
                            .mac = vif.record.MAC,
                            .network = networks[vif.record.network],
                            .host = host == nullptr ? "" : host->record.name_label,
                            .domid = vm->second.domid,
                            .uuid = vm->second.uuid});
        }
    }
    std::sort(nics.begin(), nics.end(), [](const Nic& a, const Nic& b) {
        return std::tie(a.vm, a.uuid, a.device) < std::tie(b.vm, b.uuid, b.device);
    });
    return nics;
}

int list_mode(const Options& options, cli::Context& context)
{
    lab::Pools pools(options.connect,
                     {[&](std::string_view words) { context.note(words); },
                      [&](std::string_view words) { context.detail(words); }},
                     context.stop);
    const std::vector<Nic> nics = running_nics(pools);
    const auto wanted = [&](const Nic& nic) {
        return options.vms.empty() ||
               std::any_of(options.vms.begin(), options.vms.end(), [&](const std::string& word) {
                   return word == nic.vm || word == nic.uuid || lab::glob_match(word, nic.vm);
               });
    };
    if (context.shared.format == cli::Format::json || context.shared.format == cli::Format::jsonl) {
        ordered_json items = ordered_json::array();
        for (const Nic& nic : nics) {
            if (!wanted(nic))
                continue;
            ordered_json item{{"vm", nic.vm},           {"nic", nic.device}, {"mac", nic.mac},
                              {"network", nic.network}, {"host", nic.host},  {"domid", nic.domid},
                              {"uuid", nic.uuid}};
            if (context.shared.format == cli::Format::jsonl)
                context.write_json(item);
            else
                items.push_back(std::move(item));
        }
        if (context.shared.format == cli::Format::json)
            context.write_json({{"schema", "vifcap.list/1"}, {"items", items}});
        return 0;
    }
    cli::Table table(context,
                     {{"vm"}, {"nic"}, {"mac"}, {"network"}, {"host"}, {"domid", true}, {"uuid"}});
    for (const Nic& nic : nics)
        if (wanted(nic))
            table.row({nic.vm, nic.device, nic.mac, nic.network, nic.host,
                       std::to_string(nic.domid), nic.uuid});
    table.finish();
    return 0;
}

/// From the names that other commands left behind: TAB needs no network.
std::vector<cli::Candidate> complete(const Options& options, const cli::CompletionRequest& request)
{
    std::vector<cli::Candidate> all;
    lab::Pools pools(options.connect, {}, {});
    for (lab::Pool* pool : pools.chosen())
        for (const auto& known : lab::known_names(pool->names_file(), std::chrono::hours(24 * 30))
                                     .value_or(std::vector<lab::KnownName>{}))
            if (known.class_name == "VM" && known.name.starts_with(request.prefix))
                all.push_back({known.name, known.words});
    return all;
}

} // namespace vifcap
