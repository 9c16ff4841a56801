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
    const BatchSpec spec{.schema = "xvm.reboot/1", .parallel = 8};
    const PowerChange change{.method = "VM.clean_reboot",
                             .from = {"Running"},
                             .goal = "",
                             .done = "rebooted",
                             .would = "would reboot",
                             .hint = "xvm reset does it without the guest"};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return change_power(job, change); },
        context);
}

} // namespace

Verb reboot_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("reboot", "reboot VMs cleanly", "xvm.reboot/1",
                   {{"xvm reboot 'web*'", "Ask the guests to reboot"}}),
        declare, run);
}

} // namespace xvm
