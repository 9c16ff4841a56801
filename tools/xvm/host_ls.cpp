// SPDX-License-Identifier: GPL-3.0-or-later
// xvm host ls: the hosts of a pool.
#include "listing.hpp"
#include "pool_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::vector<std::string> hosts;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("HOST", o.hosts, "Hosts: name, uuid, start of a uuid, 'glob*' (default: all)")
        .type_name("HOST");
}

const std::vector<std::string_view> columns{"name", "address", "role", "enabled", "live",
                                            "vms",  "version", "ssh",  "uuid"};

/// host_metrics of all hosts: whether the coordinator hears from them.
std::unordered_map<std::string, bool> liveness(lab::Pool& pool)
{
    std::unordered_map<std::string, bool> live;
    pool.session().each_record(
        "host_metrics", {}, [&](std::string ref, const xmlrpc::Value& record) {
            const xmlrpc::Value* value = record.find("live");
            live.emplace(std::move(ref), value != nullptr && value->as_bool().value_or(false));
        });
    return live;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    Listing list(context, "xvm.host.ls/1", columns,
                 {"name", "address", "role", "enabled", "live", "vms", "version"}, {"vms"});
    for (lab::Pool* pool : pools.chosen()) {
        PoolView view(*pool);
        const auto live = liveness(*pool);
        std::vector<const xapi::Object<xapi::Host>*> hosts;
        if (o.hosts.empty())
            for (const auto& host : view.all<xapi::Host>())
                hosts.push_back(&host);
        else
            hosts = pick<xapi::Host>(view, "host", o.hosts, context.stop);
        std::sort(hosts.begin(), hosts.end(), [](const auto* a, const auto* b) {
            return a->record.name_label < b->record.name_label;
        });
        const auto& pool_records = view.all<xapi::Pool>();
        for (const auto* host : hosts) {
            const xapi::Host& record = host->record;
            const bool coordinator =
                !pool_records.empty() && pool_records.front().record.master == host->ref;
            const auto found = live.find(record.metrics);
            const bool alive = found != live.end() && found->second;
            const auto vms = std::count_if(
                record.resident_VMs.begin(), record.resident_VMs.end(),
                [&](const xapi::Ref<xapi::Vm>& vm) { return vm != record.control_domain; });
            const std::string version =
                fmt::format("{} {}", value_of(record.software_version, "product_brand"),
                            value_of(record.software_version, "product_version"));
            const std::string ssh = !record.ssh_known ? "" : record.ssh_enabled ? "on" : "off";
            ordered_json item{
                {"name", record.name_label},
                {"uuid", record.uuid},
                {"address", record.address},
                {"coordinator", coordinator},
                {"enabled", record.enabled},
                {"live", alive},
                {"vms", vms},
                {"version", version},
                {"ssh", record.ssh_known ? ordered_json(record.ssh_enabled) : ordered_json()}};
            list.add({record.name_label, record.address, coordinator ? "coordinator" : "member",
                      record.enabled ? "yes" : "no", alive ? "yes" : "no", fmt::format("{}", vms),
                      version, ssh, record.uuid},
                     std::move(item));
        }
    }
    list.finish();
    return 0;
}

} // namespace

Verb host_ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "host ls",
         .summary = "list the hosts of a pool",
         .schema = "xvm.host.ls/1",
         .formats = list_formats,
         .columns = columns,
         .examples = {{"xvm host ls", "Who is coordinator, enabled, alive"}},
         .completes = {"HOST", "CONTEXT"}},
        declare, run);
}

} // namespace xvm
