// SPDX-License-Identifier: GPL-3.0-or-later
// xvm rm: a VM with what belongs to it alone. A disk that another VM uses stays.
#include "power.hpp"
#include "snapshots.hpp"
#include "vm_disks.hpp"

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
    bool keep_disks = false;
    bool kill = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_flag("--keep-disks", o.keep_disks, "Remove the VM, but not its disks");
    set.add_flag("--kill", o.kill, "Switch it off first if it runs");
    declare_batch_options(set, o.batch);
}

Row remove(Job& job, const Options& o)
{
    if (job.record().power_state != "Halted") {
        if (!o.kill)
            throw Error(Errc::precondition, "is not halted", "xvm rm --kill switches it off first");
        const PowerChange off{.method = "VM.hard_shutdown",
                              .from = {"Running", "Paused", "Suspended"},
                              .goal = "Halted",
                              .done = "switched off",
                              .would = "would switch off"};
        if (!job.dry_run)
            change_power(job, off);
    }
    const auto snapshots = snapshots_of(*job.vm.pool, job.record());
    const auto disks = o.keep_disks ? std::vector<xapi::Ref<xapi::Vdi>>()
                                    : own_disks(*job.vm.pool, job.vm.ref, job.record());
    const std::string words =
        fmt::format("{} disks and {} snapshots", disks.size(), o.keep_disks ? 0 : snapshots.size());
    if (job.dry_run)
        return ok(fmt::format("would remove it, {}", words));
    job.wait_until_free();
    if (!o.keep_disks)
        for (const auto& snapshot : snapshots)
            destroy_snapshot(job, snapshot);
    job.run("VM.destroy", {job.ref()});
    for (const auto& disk : disks)
        job.run("VDI.destroy", {xapi::Session::value(disk)});
    return ok(fmt::format("removed it, {}", words));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.batch.no_wait)
        throw Error(Errc::usage, "rm is several steps, which --no-wait cannot leave behind");
    const BatchSpec spec{.schema = "xvm.rm/1",
                         .parallel = 4,
                         .question = o.keep_disks ? "remove {} (disks stay)?"
                                                  : "remove {} with disks and snapshots?"};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return remove(job, o); }, context);
}

} // namespace

Verb rm_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("rm", "remove VMs with their disks and snapshots", "xvm.rm/1",
                   {{"xvm rm 'tmp-*' --kill --dry-run", "See first"},
                    {"xvm rm 'tmp-*' --kill --yes", "In a script"}}),
        declare, run);
}

} // namespace xvm
