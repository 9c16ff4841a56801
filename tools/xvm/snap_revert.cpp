// SPDX-License-Identifier: GPL-3.0-or-later
// xvm snap revert: the state of the lab before the test. All disks and NICs of the VM are made anew
// by the server; its uuid stays (observed: wire/xapi-23.1-snapshots).
#include "power.hpp"
#include "snapshots.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    std::string name;
    lab::TargetOptions targets;
    BatchOptions batch;
    bool latest = false;
    bool start = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_flag("--latest", o.latest, "Go back to the newest snapshot of each");
    set.add_option("--to", o.name, "Go back to the snapshot of that name or uuid")
        .type_name("SNAPSHOT");
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_flag("--start", o.start, "Start them afterwards");
    declare_batch_options(set, o.batch);
}

Row revert(Job& job, const Options& o)
{
    const auto snapshots = snapshots_of(*job.vm.pool, job.record());
    const auto& snapshot = pick_snapshot(snapshots, o.name);
    const std::string name = text::printable(snapshot.record.name_label);
    if (job.dry_run)
        return ok(fmt::format("would go back to {}{}", name, o.start ? " and start" : ""));
    job.wait_until_free();
    job.run("VM.revert", {xapi::Session::value(snapshot.ref)});
    if (job.no_wait)
        return ok("going back to " + name);
    if (!o.start)
        return ok("went back to " + name);
    job.refresh();
    // A checkpoint comes back suspended, with its memory.
    const bool suspended = job.record().power_state == "Suspended";
    const PowerChange start{.method = suspended ? "VM.resume" : "VM.start",
                            .more = {xmlrpc::Value(false), xmlrpc::Value(false)},
                            .from = {"Halted", "Suspended"},
                            .goal = "Running",
                            .done = "started",
                            .would = "would start"};
    change_power(job, start);
    return ok(fmt::format("went back to {}, running", name));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.latest == !o.name.empty())
        throw Error(Errc::usage, "say to which snapshot: --latest or --to NAME");
    const BatchSpec spec{
        .schema = "xvm.snap.revert/1", .parallel = 4, .question = "throw away what {} did since?"};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return revert(job, o); }, context);
}

} // namespace

Verb snap_revert_verb()
{
    cli::ToolInfo info =
        batch_info("snap revert", "put VMs back to a snapshot", "xvm.snap.revert/1",
                   {{"xvm snap revert --latest 'web*' --start --yes",
                     "The whole lab as it was, and running"}});
    info.completes.emplace_back("SNAPSHOT");
    return cli::make_verb<Globals, Options>(std::move(info), declare, run);
}

} // namespace xvm
