// SPDX-License-Identifier: GPL-3.0-or-later
#include "snapshots.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    std::string name;
    lab::TargetOptions targets;
    BatchOptions batch;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("SNAPSHOT", o.name, "Name (glob) or uuid of the snapshots").required();
    lab::declare_target_options(set, o.targets, lab::Many::some);
    declare_batch_options(set, o.batch);
}

Row remove(Job& job, const std::string& name)
{
    std::size_t count = 0;
    for (const auto& snapshot : snapshots_of(*job.vm.pool, job.record())) {
        if (snapshot.record.uuid != name && !lab::glob_match(name, snapshot.record.name_label))
            continue;
        ++count;
        if (!job.dry_run)
            destroy_snapshot(job, snapshot);
    }
    if (count == 0)
        return skip(fmt::format("has no snapshot {}", text::quoted(name)));
    return ok(fmt::format("{} {} snapshot{}", job.dry_run ? "would remove" : "removed", count,
                          count == 1 ? "" : "s"));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const BatchSpec spec{
        .schema = "xvm.snap.rm/1", .parallel = 2, .question = "remove these snapshots of {}?"};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return remove(job, o.name); }, context);
}

} // namespace

Verb snap_rm_verb()
{
    cli::ToolInfo info =
        batch_info("snap rm", "remove snapshots with their disks", "xvm.snap.rm/1",
                   {{"xvm snap rm 'before-*' 'web*' --yes", "Those whose names match"}});
    info.completes.emplace_back("SNAPSHOT");
    return cli::make_verb<Globals, Options>(std::move(info), declare, run);
}

} // namespace xvm
