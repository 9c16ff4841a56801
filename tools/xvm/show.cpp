// SPDX-License-Identifier: GPL-3.0-or-later
// xvm show: everything worth knowing about a VM, its disks and NICs. One VM costs its own records;
// for more the classes are asked for as a whole.
#include "xvm.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

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

ordered_json or_null(const std::string& text)
{
    return text.empty() ? ordered_json() : ordered_json(text);
}

/// Records of one pool by reference, asked for one by one and once.
class Look {
  public:
    explicit Look(lab::Pool& pool) : session_(pool.session()) {}

    template <typename T>
    const T* find(const xapi::Ref<T>& ref)
    {
        if (!ref)
            return nullptr;
        auto& known = std::get<std::map<std::string, std::optional<T>>>(records_);
        auto found = known.find(ref.str());
        if (found == known.end())
            found = known.emplace(ref.str(), ask(ref)).first;
        return found->second ? &*found->second : nullptr;
    }

  private:
    template <typename T>
    std::optional<T> ask(const xapi::Ref<T>& ref)
    {
        try {
            return session_.get_record(ref);
        } catch (const xapi::Fault& fault) {
            if (!fault.is("HANDLE_INVALID"))
                throw;
            return std::nullopt; // gone meanwhile
        }
    }

    xapi::Session& session_;
    std::tuple<std::map<std::string, std::optional<xapi::Vbd>>,
               std::map<std::string, std::optional<xapi::Vdi>>,
               std::map<std::string, std::optional<xapi::Vif>>,
               std::map<std::string, std::optional<xapi::Sr>>,
               std::map<std::string, std::optional<xapi::Network>>,
               std::map<std::string, std::optional<xapi::GuestMetrics>>>
        records_;
};

ordered_json disks_of(const xapi::Vm& vm, Look& look)
{
    std::vector<std::pair<std::string, ordered_json>> disks;
    for (const auto& ref : vm.VBDs) {
        const auto* vbd = look.find(ref);
        if (vbd == nullptr)
            continue;
        const auto* vdi = vbd->empty ? nullptr : look.find(vbd->VDI);
        const auto* sr = vdi == nullptr ? nullptr : look.find(vdi->SR);
        ordered_json disk{
            {"position", vbd->userdevice},
            {"device", or_null(vbd->device)},
            {"type", text::to_lower(vbd->type)},
            {"mode", text::to_lower(vbd->mode)},
            {"attached", vbd->currently_attached},
            {"vdi", vdi == nullptr ? ordered_json() : ordered_json(vdi->uuid)},
            {"name", vdi == nullptr ? ordered_json() : ordered_json(vdi->name_label)},
            {"size", vdi == nullptr ? ordered_json() : ordered_json(vdi->virtual_size)},
            {"sr", sr == nullptr ? ordered_json() : ordered_json(sr->name_label)}};
        disks.emplace_back(vbd->userdevice, std::move(disk));
    }
    std::sort(disks.begin(), disks.end(), [](const auto& a, const auto& b) {
        return std::pair(a.first.size(), a.first) < std::pair(b.first.size(), b.first);
    });
    ordered_json all = ordered_json::array();
    for (auto& [position, disk] : disks)
        all.push_back(std::move(disk));
    return all;
}

ordered_json nics_of(const xapi::Vm& vm, const xapi::GuestMetrics* metrics, Look& look)
{
    std::map<std::string, ordered_json> nics;
    for (const auto& ref : vm.VIFs) {
        const auto* vif = look.find(ref);
        if (vif == nullptr)
            continue;
        const auto* network = look.find(vif->network);
        std::vector<std::string> addresses;
        if (metrics != nullptr) {
            xapi::GuestMetrics own; // of this NIC alone
            for (const auto& [key, address] : metrics->networks)
                if (key.starts_with(vif->device + "/"))
                    own.networks.emplace(key, address);
            addresses = own.addresses();
        }
        nics[vif->device] = {{"device", vif->device},
                             {"mac", vif->MAC},
                             {"network", network == nullptr ? "" : network->name_label},
                             {"bridge", network == nullptr ? "" : network->bridge},
                             {"attached", vif->currently_attached},
                             {"ip", addresses}};
    }
    ordered_json all = ordered_json::array();
    for (auto& [device, nic] : nics)
        all.push_back(std::move(nic));
    return all;
}

ordered_json describe(const lab::VmTarget& target, Look& look)
{
    const xapi::Vm& vm = target.record;
    const auto* metrics = vm.power_state == "Halted" ? nullptr : look.find(vm.guest_metrics);
    const auto* host = vm.resident_on ? target.pool->host(vm.resident_on) : nullptr;
    ordered_json operations = ordered_json::array();
    for (const auto& [task, operation] : vm.current_operations)
        operations.push_back(operation);
    std::string os;
    if (metrics != nullptr)
        if (const auto name = metrics->os_version.find("name"); name != metrics->os_version.end())
            os = name->second.substr(0, name->second.find('|'));
    ordered_json document{
        {"name", vm.name_label},
        {"uuid", vm.uuid},
        {"description", vm.name_description},
        {"power", text::to_lower(vm.power_state)},
        {"host", host == nullptr ? ordered_json() : ordered_json(host->record.name_label)},
        {"domid", vm.domid < 0 ? ordered_json() : ordered_json(vm.domid)},
        {"vcpus", vm.VCPUs_at_startup},
        {"memory", vm.memory_dynamic_max},
        {"os", or_null(os)},
        {"tools", metrics != nullptr && metrics->PV_drivers_detected},
        {"ip", metrics == nullptr ? std::vector<std::string>() : metrics->addresses()},
        {"tags", vm.tags},
        {"operations", operations},
        {"blocked", vm.blocked_operations},
        {"snapshots", vm.snapshots.size()},
        {"disks", disks_of(vm, look)},
        {"nics", nics_of(vm, metrics, look)}};
    if (target.with_pool)
        document["context"] = target.pool->name();
    return document;
}

std::string plain(const ordered_json& value)
{
    if (value.is_null())
        return "-";
    if (value.is_string())
        return text::printable(value.get<std::string>());
    if (value.is_boolean())
        return value.get<bool>() ? "yes" : "no";
    if (!value.is_array() && !value.is_object())
        return value.dump();
    std::string words;
    for (const auto& [key, item] : value.items())
        words += fmt::format("{}{}{}", words.empty() ? "" : ", ",
                             value.is_object() ? text::printable(key) + ": " : "", plain(item));
    return words.empty() ? "-" : words;
}

std::string size_words(const ordered_json& bytes)
{
    return bytes.is_null() ? "" : text::human_size(bytes.get<std::uint64_t>());
}

/// "memory: 2 GiB", a line each, and a line for each disk and NIC.
std::string as_text(const ordered_json& vm)
{
    std::string lines;
    for (const auto& [key, value] : vm.items())
        if (key != "disks" && key != "nics")
            lines += fmt::format("{:<12} {}\n", key + ":",
                                 key == "memory" ? size_words(value) : plain(value));
    for (const ordered_json& disk : vm["disks"]) {
        const bool empty = disk["vdi"].is_null();
        lines += fmt::format("{:<12} {} {}{}{}\n",
                             disk["type"].get<std::string>() + " " + plain(disk["position"]) + ":",
                             empty ? "empty" : plain(disk["name"]),
                             empty ? "" : size_words(disk["size"]) + " on " + plain(disk["sr"]),
                             disk["device"].is_null() ? "" : ", " + plain(disk["device"]),
                             empty ? "" : ", " + plain(disk["vdi"]));
    }
    for (const ordered_json& nic : vm["nics"])
        lines += fmt::format("{:<12} {} on {}{}\n", "nic " + plain(nic["device"]) + ":",
                             plain(nic["mac"]), plain(nic["network"]),
                             nic["ip"].empty() ? "" : ", " + plain(nic["ip"]));
    return lines;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const lab::Resolved resolved = lab::resolve(pools, o.targets, lab::Many::some, context.stop);
    using cli::Format;
    const Format format = context.shared.format;
    std::map<lab::Pool*, Look> looks;
    std::vector<ordered_json> documents;
    std::optional<cli::Table> ids;
    if (format == Format::ids)
        ids.emplace(context, std::vector<cli::Column>{{"uuid"}});
    for (const lab::VmTarget& vm : resolved.vms) {
        if (ids) {
            ids->row({vm.record.uuid});
            continue;
        }
        Look& look = looks.try_emplace(vm.pool, *vm.pool).first->second;
        documents.push_back(describe(vm, look));
    }
    if (ids)
        ids->finish();
    // One VM asked for by one word is a document of its own.
    const bool lone = o.targets.words.size() == 1 && documents.size() == 1 &&
                      !lab::has_glob(o.targets.words[0]) && o.targets.words[0] != "-";
    if (format == Format::json && lone) {
        ordered_json document{{"schema", "xvm.show/1"}};
        document.update(documents.front());
        context.write_json(document);
    } else if (format == Format::json) {
        context.write_json({{"schema", "xvm.show/1"}, {"items", documents}});
    } else if (format == Format::jsonl) {
        for (const ordered_json& document : documents)
            context.write_json(document);
    } else {
        for (std::size_t i = 0; i < documents.size(); ++i)
            context.out().write((i == 0 ? "" : "\n") + as_text(documents[i]));
    }
    for (const auto& [place, missing] : resolved.failed)
        context.error(missing.error.what());
    return resolved.failed.empty() ? 0
           : resolved.vms.empty()  ? exit_code(Errc::not_found)
                                   : exit_code(Errc::partial);
}

} // namespace

Verb show_verb()
{
    using cli::Format;
    return cli::make_verb<Globals, Options>(
        {.name = "show",
         .summary = "show all about VMs, their disks and NICs",
         .schema = "xvm.show/1",
         .formats = {Format::tsv, Format::json, Format::jsonl, Format::ids},
         .output_option = true,
         .examples = {{"xvm show web1", "For people"},
                      {"xvm show web1 --json | jq -r '.disks[].vdi'", "The uuids of its disks"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
