// SPDX-License-Identifier: GPL-3.0-or-later
// xvm host enable, disable, evacuate and ssh: what hosts may do.
#include "listing.hpp"
#include "pool_view.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {
namespace {

constexpr std::chrono::hours evacuation_time{2};
constexpr unsigned one_at_a_time = 1; // two hosts that empty themselves would fill each other

struct Options {
    std::vector<std::string> hosts;
    ChangeOptions change;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("HOST", o.hosts, "Hosts: name, uuid, start of a uuid, 'glob*', - for a list")
        .type_name("HOST")
        .required();
    declare_parallel_changes(set, o.change, false);
}

using Change = std::function<Done(lab::Pool&, const xapi::Object<xapi::Host>&)>;

/// One row for each host.
int each_host(const Globals& globals, const Options& o, cli::Context& context,
              std::string_view schema, const std::function<Change(PoolView&)>& change,
              unsigned parallel = 8)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    const auto hosts = pick<xapi::Host>(view, "host", o.hosts, context.stop);
    const Change act = change(view);
    Changes changes(context, schema, o.change, parallel);
    for (const auto* host : hosts)
        changes.add(pool, host->record.name_label, host->record.uuid,
                    [&, host] { return act(pool, *host); });
    return changes.run();
}

int run_enable(const Globals& globals, const Options& o, cli::Context& context)
{
    return each_host(globals, o, context, "xvm.host.enable/1", [&](PoolView&) {
        return [&](lab::Pool& pool, const xapi::Object<xapi::Host>& host) -> Done {
            if (host.record.enabled)
                return {.skipped = true, .message = "enabled already"};
            if (o.change.dry_run)
                return {.message = "would enable it"};
            run_task(pool, context, "host.enable", {value(host.ref)});
            return {.message = "VMs may start there"};
        };
    });
}

int run_disable(const Globals& globals, const Options& o, cli::Context& context)
{
    return each_host(globals, o, context, "xvm.host.disable/1", [&](PoolView&) {
        return [&](lab::Pool& pool, const xapi::Object<xapi::Host>& host) -> Done {
            if (!host.record.enabled)
                return {.skipped = true, .message = "disabled already"};
            if (o.change.dry_run)
                return {.message = "would disable it"};
            run_task(pool, context, "host.disable", {value(host.ref)});
            return {.message = "no VM can start there; those that run go on"};
        };
    });
}

/// VMs that run on a host, without its control domain.
std::vector<std::string> residents(PoolView& view, const xapi::Host& host)
{
    std::vector<std::string> names;
    for (const xapi::Ref<xapi::Vm>& ref : host.resident_VMs)
        if (const xapi::Vm* vm = view.find(ref); vm != nullptr && !vm->is_control_domain)
            names.push_back(text::printable(vm->name_label));
    std::sort(names.begin(), names.end());
    return names;
}

/// The host is disabled first, so that nothing comes back; if it cannot be emptied it is enabled
/// again, as it was.
Done evacuate(lab::Pool& pool, PoolView& view, const xapi::Object<xapi::Host>& host,
              const Options& o, const cli::Context& context)
{
    const auto vms = residents(view, host.record);
    const auto others = std::count_if(
        view.all<xapi::Host>().begin(), view.all<xapi::Host>().end(),
        [&](const auto& other) { return other.ref != host.ref && other.record.enabled; });
    if (!vms.empty() && others == 0)
        throw Error(Errc::precondition, "no other host of the pool is enabled");
    if (vms.empty() && !host.record.enabled)
        return {.skipped = true, .message = "disabled and empty already"};
    if (o.change.dry_run)
        return {.message = fmt::format("would disable it and migrate {} VM{}: {}", vms.size(),
                                       vms.size() == 1 ? "" : "s", fmt::join(vms, ", "))};
    if (host.record.enabled)
        run_task(pool, context, "host.disable", {value(host.ref)});
    try {
        run_task(pool, context, "host.evacuate", {value(host.ref)}, evacuation_time);
    } catch (const Error&) {
        if (host.record.enabled)
            pool.session().clean_up("host.enable", {value(host.ref)});
        throw;
    }
    return {.message =
                fmt::format("disabled, {} VM{} migrated", vms.size(), vms.size() == 1 ? "" : "s")};
}

int run_evacuate(const Globals& globals, const Options& o, cli::Context& context)
{
    return each_host(
        globals, o, context, "xvm.host.evacuate/1",
        [&](PoolView& view) {
            return [&](lab::Pool& pool, const xapi::Object<xapi::Host>& host) {
                return evacuate(pool, view, host, o, context);
            };
        },
        one_at_a_time);
}

// -- ssh --------------------------------------------------------------------------------------

struct SshOptions : Options {
    std::string wanted;
};

void declare_ssh(cli::OptionSet& set, SshOptions& o)
{
    set.add_choice("STATE", o.wanted, {"on", "off"}, "on or off").required();
    declare(set, o);
}

int run_ssh(const Globals& globals, const SshOptions& o, cli::Context& context)
{
    const bool on = o.wanted == "on";
    return each_host(globals, o, context, "xvm.host.ssh/1", [&](PoolView&) {
        return [&, on](lab::Pool& pool, const xapi::Object<xapi::Host>& host) -> Done {
            if (!host.record.ssh_known)
                throw Error(Errc::precondition, "this host is too old to switch SSH by XAPI",
                            "its SSH server runs unless somebody stopped it there");
            if (host.record.ssh_enabled == on)
                return {.skipped = true, .message = on ? "on already" : "off already"};
            if (o.change.dry_run)
                return {.message = on ? "would switch it on" : "would switch it off"};
            run_task(pool, context, on ? "host.enable_ssh" : "host.disable_ssh", {value(host.ref)});
            return {.message = on ? "SSH is on" : "SSH is off"};
        };
    });
}

} // namespace

Verb host_enable_verb()
{
    return cli::make_verb<Globals, Options>(
        change_info("HOST", "host enable", "let VMs start on hosts", "xvm.host.enable/1",
                    {"xvm host enable host1", "After its maintenance"}),
        declare, run_enable);
}

Verb host_disable_verb()
{
    return cli::make_verb<Globals, Options>(
        change_info("HOST", "host disable", "keep VMs from starting on hosts", "xvm.host.disable/1",
                    {"xvm host disable host2 --dry-run", "See what would be done"}),
        declare, run_disable);
}

Verb host_evacuate_verb()
{
    return cli::make_verb<Globals, Options>(
        change_info("HOST", "host evacuate", "disable hosts and migrate their VMs to others",
                    "xvm.host.evacuate/1",
                    {"xvm host evacuate host2 --dry-run", "Which VMs would move"}),
        declare, run_evacuate);
}

Verb host_ssh_verb()
{
    return cli::make_verb<Globals, SshOptions>(
        change_info("HOST", "host ssh", "switch the SSH servers of hosts on or off",
                    "xvm.host.ssh/1",
                    {"xvm host ssh on host1", "So that the verbs that need SSH work"}),
        declare_ssh, run_ssh);
}

} // namespace xvm
