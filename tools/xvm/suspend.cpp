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
    const BatchSpec spec{.schema = "xvm.suspend/1", .parallel = 4};
    const PowerChange change{.method = "VM.suspend",
                             .from = {"Running"},
                             .goal = "Suspended",
                             .done = "suspended",
                             .would = "would suspend",
                             .hint = "xvm unpause a paused VM first"};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return change_power(job, change); },
        context);
}

} // namespace

Verb suspend_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("suspend", "save the memory of VMs to disk and halt them", "xvm.suspend/1",
                   {{"xvm suspend 'web*'", "Make room on the hosts"}}),
        declare, run);
}

} // namespace xvm
