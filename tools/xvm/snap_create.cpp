// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch.hpp"

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    std::string name;
    lab::TargetOptions targets;
    BatchOptions batch;
    bool memory = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("NAME", o.name, "Name of the snapshot").required();
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_flag("--with-memory", o.memory,
                 "Keep the memory of a running VM, too (a checkpoint; needs guest tools)");
    declare_batch_options(set, o.batch);
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const BatchSpec spec{.schema = "xvm.snap.create/1", .parallel = 4};
    return run_vms(
        globals, o.targets, o.batch, spec,
        [&](Job& job) {
            const bool live = o.memory && job.record().power_state == "Running";
            if (job.dry_run)
                return ok(live ? "would checkpoint" : "would snapshot");
            job.wait_until_free();
            const auto made =
                job.run(live ? "VM.checkpoint" : "VM.snapshot", {job.ref(), xmlrpc::Value(o.name)});
            if (job.no_wait)
                return ok("task " + made.as_scalar().value_or(""));
            const auto uuid = job.session().call("VM.get_uuid", {made});
            return ok(uuid.as_scalar().value_or(""));
        },
        context);
}

} // namespace

Verb snap_create_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("snap create", "snapshot VMs; the message is the snapshot's uuid",
                   "xvm.snap.create/1",
                   {{"xvm snap create before-update 'web*'", "All of them under one name"}}),
        declare, run);
}

} // namespace xvm
