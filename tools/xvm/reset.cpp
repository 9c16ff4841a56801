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
    const BatchSpec spec{.schema = "xvm.reset/1", .parallel = 8};
    const PowerChange change{.method = "VM.hard_reboot",
                             .from = {"Running", "Paused"},
                             .goal = "",
                             .done = "reset",
                             .would = "would reset"};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return change_power(job, change); },
        context);
}

} // namespace

Verb reset_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("reset", "press the reset button of VMs", "xvm.reset/1",
                   {{"xvm reset 'web*'", "Without asking the guests"}}),
        declare, run);
}

} // namespace xvm
