// SPDX-License-Identifier: GPL-3.0-or-later
#include "power.hpp"

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    declare_batch_options(set, o.batch);
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const BatchSpec spec{.schema = "xvm.resume/1", .parallel = 4};
    const PowerChange change{.method = "VM.resume",
                             .more = {xmlrpc::Value(false), xmlrpc::Value(false)},
                             .from = {"Suspended"},
                             .goal = "Running",
                             .done = "resumed",
                             .would = "would resume",
                             .hint = "xvm start a halted VM, xvm unpause a paused one"};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return change_power(job, change); },
        context);
}

} // namespace

Verb resume_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("resume", "let suspended VMs go on", "xvm.resume/1",
                   {{"xvm resume 'web*'", "Go on where they were"}}),
        declare, run);
}

} // namespace xvm
