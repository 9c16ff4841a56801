// SPDX-License-Identifier: GPL-3.0-or-later
// xvm nic add: network cards for VMs, while they run where the guest can take them.
#include "devices.hpp"
#include "listing.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    std::string network, mac, device;
    std::uint64_t mtu = 0;
    ChangeOptions change;
};

std::string mac_problem(const std::string& mac)
{
    bool good = mac.size() == 17;
    for (std::size_t i = 0; good && i < mac.size(); ++i)
        good = i % 3 == 2 ? mac[i] == ':'
                          : std::string_view("0123456789abcdefABCDEF").find(mac[i]) !=
                                std::string_view::npos;
    if (!good)
        return "not a MAC address (as in 2e:12:34:56:78:9a)";
    // The lowest bit of the first byte says "group" (IEEE 802).
    const bool group = (std::stoi(mac.substr(0, 2), nullptr, 16) & 1) != 0;
    return group ? "a multicast address is no address of a card" : "";
}

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_option("--network", o.network, "Network that the card is on")
        .type_name("NETWORK")
        .required();
    set.add_option("--mac", o.mac, "Its MAC address (default: a random one)")
        .type_name("MAC")
        .check(mac_problem);
    set.add_option("--device", o.device, "Position (0, 1…); default: the first free one")
        .type_name("N");
    set.add_option("--mtu", o.mtu, "MTU (default: that of the network)")
        .type_name("N")
        .range(68, 65535);
    declare_parallel_changes(set, o.change, false);
}

std::string first_free(const lab::VmTarget& vm)
{
    const auto free = vm.pool->session().call("VM.get_allowed_VIF_devices", {value(vm.ref)});
    const xmlrpc::Array* devices = free.if_array();
    if (devices == nullptr || devices->empty())
        throw Error(Errc::precondition, "the VM has no place for another card");
    return devices->front().as_scalar().value_or("");
}

Done add_to(const lab::VmTarget& vm, PoolView& view, const Options& o, const cli::Context& context)
{
    const auto& network = pick_one<xapi::Network>(view, "network", o.network);
    if (o.change.dry_run)
        return {.message = fmt::format("would add a card on {}",
                                       text::printable(network.record.name_label))};
    xmlrpc::Struct record;
    record.emplace("device", xmlrpc::Value(o.device.empty() ? first_free(vm) : o.device));
    record.emplace("network", value(network.ref));
    record.emplace("VM", value(vm.ref));
    record.emplace("MAC", xmlrpc::Value(o.mac));
    record.emplace(
        "MTU", xmlrpc::Value(o.mtu == 0 ? network.record.MTU : static_cast<std::int64_t>(o.mtu)));
    record.emplace("other_config", xmlrpc::Value(xmlrpc::Struct{}));
    record.emplace("qos_algorithm_type", xmlrpc::Value(""));
    record.emplace("qos_algorithm_params", xmlrpc::Value(xmlrpc::Struct{}));
    const auto vif = vm.pool->session().call("VIF.create", {xmlrpc::Value(std::move(record))});
    return {.message = plug(vm, context, "VIF.plug", vif)};
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, o.targets);
    if (!o.mac.empty() && vms.size() > 1)
        throw Error(Errc::usage, "one MAC address cannot be given to several VMs");
    std::unordered_map<lab::Pool*, PoolView> views;
    Changes changes(context, "xvm.nic.add/1", o.change);
    for (const lab::VmTarget& vm : vms) {
        PoolView& view = views.try_emplace(vm.pool, *vm.pool).first->second;
        changes.add(*vm.pool, vm.label(), vm.record.uuid,
                    [&] { return add_to(vm, view, o, context); });
    }
    return changes.run();
}

} // namespace

Verb nic_add_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "nic add",
         .summary = "give VMs a network card",
         .schema = "xvm.nic.add/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm nic add web1 --network labnet --dry-run", "See what would be added"}},
         .completes = {"VM", "NETWORK", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
