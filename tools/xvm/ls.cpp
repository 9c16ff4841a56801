// SPDX-License-Identifier: GPL-3.0-or-later
// xvm ls: the VMs, with what is worth knowing about many at once. Three requests in all: VMs, guest
// metrics (for addresses and systems) and hosts.
#include "xvm.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    lab::TargetOptions targets;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::any);
}

const std::vector<std::string_view> columns{"name", "power", "host", "vcpus", "memory", "ip",
                                            "os",   "tags",  "uuid", "mac",   "context"};

/// What other records say about the VMs of one pool; asked for when a column needs it.
struct Around {
    std::unordered_map<std::string, xapi::GuestMetrics> metrics;
    std::unordered_map<std::string, std::vector<std::pair<std::string, std::string>>> macs;
};

bool wants(const cli::Context& context, std::string_view column)
{
    const auto& fields = context.shared.fields;
    if (context.shared.format == cli::Format::ids && fields.empty())
        return false;
    if (fields.empty() || context.shared.format == cli::Format::json ||
        context.shared.format == cli::Format::jsonl)
        return column != "mac" || !fields.empty();
    return std::find(fields.begin(), fields.end(), column) != fields.end();
}

Around look_around(lab::Pool& pool, const cli::Context& context)
{
    Around around;
    if (wants(context, "ip") || wants(context, "os"))
        for (auto& metrics : pool.session().get_all<xapi::GuestMetrics>())
            around.metrics.emplace(metrics.ref.str(), std::move(metrics.record));
    if (wants(context, "mac"))
        for (const auto& vif : pool.session().get_all<xapi::Vif>())
            around.macs[vif.record.VM.str()].emplace_back(vif.record.device, vif.record.MAC);
    for (auto& [vm, macs] : around.macs)
        std::sort(macs.begin(), macs.end());
    return around;
}

struct Row {
    const lab::VmTarget* vm;
    std::string host, os;
    std::vector<std::string> ip, mac;
};

Row row_of(const lab::VmTarget& vm, const Around& around, const cli::Context& context)
{
    Row row{.vm = &vm};
    if (vm.record.resident_on && wants(context, "host"))
        if (const auto* host = vm.pool->host(vm.record.resident_on))
            row.host = host->record.name_label;
    if (const auto found = around.metrics.find(vm.record.guest_metrics.str());
        found != around.metrics.end() && vm.record.power_state != "Halted") {
        row.ip = found->second.addresses();
        if (const auto name = found->second.os_version.find("name");
            name != found->second.os_version.end())
            row.os = name->second.substr(0, name->second.find('|')); // "Windows 10|C:\\Windows|…"
    }
    if (const auto found = around.macs.find(vm.ref.str()); found != around.macs.end())
        for (const auto& [device, mac] : found->second)
            row.mac.push_back(mac);
    return row;
}

ordered_json document(const Row& row)
{
    const xapi::Vm& vm = row.vm->record;
    ordered_json item{{"name", vm.name_label},
                      {"uuid", vm.uuid},
                      {"power", text::to_lower(vm.power_state)},
                      {"vcpus", vm.VCPUs_at_startup},
                      {"memory", vm.memory_dynamic_max},
                      {"ip", row.ip},
                      {"tags", vm.tags},
                      {"os", row.os.empty() ? ordered_json() : ordered_json(row.os)},
                      {"host", row.host.empty() ? ordered_json() : ordered_json(row.host)}};
    if (row.vm->with_pool)
        item["context"] = row.vm->pool->name();
    if (!row.mac.empty())
        item["mac"] = row.mac;
    return item;
}

void print_rows(const std::vector<Row>& rows, cli::Context& context)
{
    std::vector<cli::Column> shape;
    for (const std::string_view name : columns)
        shape.push_back({name, name == "vcpus" || name == "memory"});
    std::vector<std::string> shown{"name", "power", "host", "vcpus", "memory", "ip", "os"};
    if (!rows.empty() && rows.front().vm->with_pool)
        shown.insert(shown.begin(), "context");
    cli::Table table(context, shape, shown);
    const bool people = context.shared.format == cli::Format::table;
    for (const Row& row : rows) {
        const xapi::Vm& vm = row.vm->record;
        const auto memory =
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, vm.memory_dynamic_max));
        table.row({vm.name_label, text::to_lower(vm.power_state), row.host,
                   fmt::format("{}", vm.VCPUs_at_startup),
                   people ? text::human_size(memory) : fmt::format("{}", memory),
                   fmt::format("{}", fmt::join(row.ip, ",")), row.os,
                   fmt::format("{}", fmt::join(vm.tags, ",")), vm.uuid,
                   fmt::format("{}", fmt::join(row.mac, ",")), row.vm->pool->name()});
    }
    table.finish();
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const lab::Resolved resolved = lab::resolve(pools, o.targets, lab::Many::any, context.stop);
    std::map<lab::Pool*, Around> around;
    std::vector<Row> rows;
    for (const lab::VmTarget& vm : resolved.vms) {
        if (!around.contains(vm.pool))
            around.emplace(vm.pool, look_around(*vm.pool, context));
        rows.push_back(row_of(vm, around.at(vm.pool), context));
    }
    if (context.shared.format == cli::Format::json) {
        ordered_json items = ordered_json::array();
        for (const Row& row : rows)
            items.push_back(document(row));
        context.write_json({{"schema", "xvm.ls/1"}, {"items", items}});
    } else if (context.shared.format == cli::Format::jsonl) {
        for (const Row& row : rows)
            context.write_json(document(row));
    } else {
        print_rows(rows, context);
    }
    for (const auto& [place, missing] : resolved.failed)
        context.error(missing.error.what());
    if (resolved.failed.empty())
        return 0;
    return rows.empty() ? exit_code(Errc::not_found) : exit_code(Errc::partial);
}

} // namespace

Verb ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "ls",
         .summary = "list VMs",
         .schema = "xvm.ls/1",
         .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl,
                     cli::Format::ids},
         .columns = columns,
         .output_option = true,
         .examples = {{"xvm ls 'lab-*'", "Some VMs"},
                      {"xvm ls -l power=running --json | jq -r '.items[].ip[0]'",
                       "The addresses of what runs"},
                      {"xvm ls -q -l tag=lab,name~db* | xvm start -", "Feed others with uuids"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
