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
    const BatchSpec spec{.schema = "xvm.unpause/1", .parallel = 16};
    const PowerChange change{.method = "VM.unpause",
                             .from = {"Paused"},
                             .goal = "Running",
                             .done = "unpaused",
                             .would = "would unpause"};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return change_power(job, change); },
        context);
}

} // namespace

Verb unpause_verb()
{
    return cli::make_verb<Globals, Options>(batch_info("unpause", "let paused VMs go on",
                                                       "xvm.unpause/1",
                                                       {{"xvm unpause 'web*'", "Go on"}}),
                                            declare, run);
}

} // namespace xvm
