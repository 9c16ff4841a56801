// SPDX-License-Identifier: GPL-3.0-or-later
// Power verbs that are one call with targets and batch options and nothing of their own.
#include "power.hpp"

#include <memory>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
};

Verb power_verb(cli::ToolInfo info, unsigned parallel, PowerChange change)
{
    auto options = std::make_shared<Options>();
    const BatchSpec spec{.schema = info.schema, .parallel = parallel};
    return {
        std::move(info),
        [options](cli::OptionSet& set) {
            lab::declare_target_options(set, options->targets, lab::Many::some);
            declare_batch_options(set, options->batch);
        },
        [options, spec, change = std::move(change)](const Globals& globals, cli::Context& context) {
            return run_vms(
                globals, options->targets, options->batch, spec,
                [&](Job& job) { return change_power(job, change); }, context);
        }};
}

} // namespace

Verb reboot_verb()
{
    return power_verb(batch_info("reboot", "reboot VMs cleanly", "xvm.reboot/1",
                                 {{"xvm reboot 'web*'", "Ask the guests to reboot"}}),
                      8,
                      {.method = "VM.clean_reboot",
                       .from = {"Running"},
                       .goal = "",
                       .done = "rebooted",
                       .would = "would reboot",
                       .hint = "xvm reset does it without the guest"});
}

Verb reset_verb()
{
    return power_verb(batch_info("reset", "press the reset button of VMs", "xvm.reset/1",
                                 {{"xvm reset 'web*'", "Without asking the guests"}}),
                      8,
                      {.method = "VM.hard_reboot",
                       .from = {"Running", "Paused"},
                       .goal = "",
                       .done = "reset",
                       .would = "would reset"});
}

Verb pause_verb()
{
    return power_verb(batch_info("pause", "stop the processors of VMs", "xvm.pause/1",
                                 {{"xvm pause 'web*'", "Freeze some"}}),
                      16,
                      {.method = "VM.pause",
                       .from = {"Running"},
                       .goal = "Paused",
                       .done = "paused",
                       .would = "would pause"});
}

Verb unpause_verb()
{
    return power_verb(batch_info("unpause", "let paused VMs go on", "xvm.unpause/1",
                                 {{"xvm unpause 'web*'", "Go on"}}),
                      16,
                      {.method = "VM.unpause",
                       .from = {"Paused"},
                       .goal = "Running",
                       .done = "unpaused",
                       .would = "would unpause"});
}

Verb suspend_verb()
{
    return power_verb(batch_info("suspend", "save the memory of VMs to disk and halt them",
                                 "xvm.suspend/1",
                                 {{"xvm suspend 'web*'", "Make room on the hosts"}}),
                      4,
                      {.method = "VM.suspend",
                       .from = {"Running"},
                       .goal = "Suspended",
                       .done = "suspended",
                       .would = "would suspend",
                       .hint = "xvm unpause a paused VM first"});
}

Verb resume_verb()
{
    return power_verb(batch_info("resume", "let suspended VMs go on", "xvm.resume/1",
                                 {{"xvm resume 'web*'", "Go on where they were"}}),
                      4,
                      {.method = "VM.resume",
                       .more = {xmlrpc::Value(false), xmlrpc::Value(false)},
                       .from = {"Suspended"},
                       .goal = "Running",
                       .done = "resumed",
                       .would = "would resume",
                       .hint = "xvm start a halted VM, xvm unpause a paused one"});
}

} // namespace xvm
