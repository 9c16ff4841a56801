// SPDX-License-Identifier: GPL-3.0-or-later
// xvm snap ls: snapshots as a tree. Two snapshots with one parent are branches: the VM was put back
// in between. One request gets all snapshots of the pool.
#include "listing.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace xvm {
namespace {

using nlohmann::ordered_json;
using Snapshot = xapi::Object<xapi::Vm>;

struct Options {
    lab::TargetOptions targets;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::any);
}

const std::vector<std::string_view> columns{"vm", "snapshot", "time", "memory", "uuid", "parent"};

class Tree {
  public:
    Tree(const lab::VmTarget& vm, std::vector<const Snapshot*> snapshots, Listing& listing,
         bool for_people)
        : vm_(vm), listing_(listing), for_people_(for_people)
    {
        std::sort(snapshots.begin(), snapshots.end(), [](const auto* a, const auto* b) {
            return std::tie(a->record.snapshot_time, a->record.uuid) <
                   std::tie(b->record.snapshot_time, b->record.uuid);
        });
        for (const Snapshot* snapshot : snapshots)
            known_[snapshot->ref.str()] = snapshot;
        for (const Snapshot* snapshot : snapshots)
            below_[known_.contains(snapshot->record.parent.str()) ? snapshot->record.parent.str()
                                                                  : ""]
                .push_back(snapshot);
    }
    /// From the roots down; a circle, which no honest server sends, has no root.
    void print(const std::string& under = "", std::size_t depth = 0)
    {
        for (const Snapshot* snapshot : below_[under]) {
            add(*snapshot, depth);
            print(snapshot->ref.str(), depth + 1);
        }
    }

  private:
    void add(const Snapshot& snapshot, std::size_t depth)
    {
        const auto parent = known_.find(snapshot.record.parent.str());
        const std::string parent_uuid = parent == known_.end() ? "" : parent->second->record.uuid;
        const bool current = vm_.record.parent == snapshot.ref; // where the VM goes on from
        const bool memory = snapshot.record.power_state == "Suspended";
        std::string name = snapshot.record.name_label;
        if (for_people_)
            name = std::string(2 * depth, ' ') + name + (current ? " *" : "");
        const std::string time = rfc3339(snapshot.record.snapshot_time);
        listing_.add(
            {vm_.label(), name, time, memory ? "yes" : "no", snapshot.record.uuid, parent_uuid},
            {{"vm", vm_.record.name_label},
             {"vm_uuid", vm_.record.uuid},
             {"name", snapshot.record.name_label},
             {"uuid", snapshot.record.uuid},
             {"time", time},
             {"memory", memory},
             {"current", current},
             {"parent", parent_uuid.empty() ? ordered_json() : ordered_json(parent_uuid)}});
    }

    const lab::VmTarget& vm_;
    Listing& listing_;
    bool for_people_;
    std::map<std::string, const Snapshot*> known_;
    std::map<std::string, std::vector<const Snapshot*>> below_;
};

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Resolved resolved = lab::resolve(pools, o.targets, lab::Many::any, context.stop);
    std::map<lab::Pool*, std::vector<Snapshot>> snapshots;
    Listing listing(context, "xvm.snap.ls/1", columns, {"vm", "snapshot", "time", "memory"});
    for (const lab::VmTarget& vm : resolved.vms) {
        auto [all, first] = snapshots.try_emplace(vm.pool);
        if (first)
            all->second =
                vm.pool->session().get_all<xapi::Vm>("field \"is_a_snapshot\" = \"true\"");
        std::vector<const Snapshot*> own;
        for (const Snapshot& snapshot : all->second)
            if (snapshot.record.snapshot_of == vm.ref)
                own.push_back(&snapshot);
        Tree(vm, own, listing, context.shared.format == cli::Format::table).print();
    }
    listing.finish();
    for (const auto& [place, missing] : resolved.failed)
        context.error(missing.error.what());
    return resolved.failed.empty() ? 0 : exit_code(Errc::partial);
}

} // namespace

Verb snap_ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "snap ls",
         .summary = "show snapshots as a tree; * is where the VM goes on from",
         .schema = "xvm.snap.ls/1",
         .formats = list_formats,
         .columns = columns,
         .output_option = true,
         .examples = {{"xvm snap ls web1 --format table", "What one can go back to"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
