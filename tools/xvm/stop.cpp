// SPDX-License-Identifier: GPL-3.0-or-later
// xvm stop: a clean shutdown, and with --kill the switch when that takes too long.
#include "power.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
    std::chrono::milliseconds grace{std::chrono::seconds(60)};
    bool kill = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_duration("--grace", o.grace, "How long the guest may take (default 60s)");
    set.add_flag("--kill", o.kill, "Then switch it off");
    declare_batch_options(set, o.batch);
}

const PowerChange hard{.method = "VM.hard_shutdown",
                       .from = {"Running", "Paused", "Suspended"},
                       .goal = "Halted",
                       .done = "switched off",
                       .would = "would switch off"};

/// True when the guest cannot or does not do it, so that only the switch is left.
bool guest_refuses(const xapi::Fault& fault)
{
    return fault.name().starts_with("VM_LACKS_FEATURE") || fault.is("VM_MISSING_PV_DRIVERS") ||
           fault.is("VM_OLD_PV_DRIVERS") || fault.is("VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT") ||
           fault.is("VM_SHUTDOWN_TIMEOUT") || fault.is("TASK_CANCELLED");
}

Row switch_off(Job& job, const std::string& why)
{
    job.refresh(); // the guest may have done it in the last moment
    Row row = change_power(job, hard);
    if (row.status == Row::Status::ok)
        row.message = fmt::format("switched off: {}", why);
    else
        row = ok("shut down");
    return row;
}

Row stop(Job& job, const Options& o)
{
    const PowerChange clean{.method = "VM.clean_shutdown",
                            .from = {"Running"},
                            .goal = "Halted",
                            .done = "shut down",
                            .would = "would shut down",
                            .hint = "xvm kill switches it off"};
    const std::string state = job.record().power_state;
    if (job.dry_run || job.no_wait || state == "Halted")
        return change_power(job, state == "Running" || state == "Halted" || !o.kill ? clean : hard);
    if (state != "Running")
        return o.kill ? change_power(job, hard) : change_power(job, clean);
    job.wait_until_free();
    try {
        const auto outcome = job.try_run("VM.clean_shutdown", {job.ref()}, o.grace);
        if (outcome.end == xapi::TaskOutcome::End::success)
            return ok("shut down");
        if (outcome.end != xapi::TaskOutcome::End::timed_out)
            outcome.value(); // throws
        if (!o.kill)
            throw Error(Errc::timeout,
                        fmt::format("the guest did not shut down within {}",
                                    text::human_duration(
                                        std::chrono::duration_cast<std::chrono::seconds>(o.grace))),
                        "xvm stop --kill switches it off then");
        return switch_off(job, "the guest did not shut down in time");
    } catch (const xapi::Fault& fault) {
        if (fault.is("VM_BAD_POWER_STATE") && fault.params().back() == "halted")
            return skip("already halted");
        if (!o.kill || !guest_refuses(fault))
            throw;
        return switch_off(job, "the guest cannot shut down cleanly");
    } catch (const transport::RequestLost&) {
        return change_power(job, clean);
    }
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const BatchSpec spec{
        .schema = "xvm.stop/1", .parallel = 16, .timeout = o.grace + std::chrono::minutes(5)};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return stop(job, o); }, context);
}

} // namespace

Verb stop_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("stop", "shut VMs down cleanly", "xvm.stop/1",
                   {{"xvm stop 'lab-*' --grace 60s --kill -P8",
                     "Give guests a minute, then switch them off"}}),
        declare, run);
}

} // namespace xvm
