// SPDX-License-Identifier: GPL-3.0-or-later
// xvm kill: a VM is off afterwards, whatever stands in the way. The rungs, each tried only when the
// one before did not do it (xapi.md 3.1):
//   1. cancel the operations that are in progress on it
//   2. VM.hard_shutdown
//   3. destroy its domain in dom0 over SSH            (--ssh)
//   4. VM.power_state_reset, which only edits the database and refuses while a domain lives
#include "power.hpp"
#include "ssh_destroy.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
    std::chrono::milliseconds patience{std::chrono::seconds(30)};
    bool ssh = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_duration("--patience", o.patience, "How long each attempt may take (default 30s)");
    set.add_flag("--ssh", o.ssh,
                 "If the server cannot do it, destroy the domain on its host over SSH");
    declare_batch_options(set, o.batch);
}

/// hard_shutdown cancels clean shutdowns, reboots and migrations itself, and then waits for them;
/// the rest has to be cancelled here. Returns how many were asked to end.
std::size_t cancel_operations(Job& job)
{
    std::size_t cancelled = 0;
    for (const auto& [task, operation] : job.record().current_operations)
        if (operation != "hard_shutdown" &&
            job.vm.pool->tasks().cancel(xapi::Ref<xapi::Task>(task))) {
            job.note(fmt::format("cancelling {}", text::printable(operation)));
            ++cancelled;
        }
    return cancelled;
}

bool is_off(Job& job)
{
    return job.refresh().power_state == "Halted";
}

/// What the rung said when it failed; empty when the VM is off.
std::string attempt(Job& job, std::string_view method, std::chrono::milliseconds patience)
{
    try {
        const auto outcome = job.try_run(method, {job.ref()}, patience);
        if (outcome.end == xapi::TaskOutcome::End::stopped)
            throw Error(Errc::interrupted, "interrupted");
        if (outcome.end == xapi::TaskOutcome::End::success)
            return {};
        if (outcome.end == xapi::TaskOutcome::End::timed_out)
            return is_off(job) ? "" : fmt::format("{} did not end in time", method);
        if (is_off(job))
            return {};
        return outcome.fault ? job.session().explained(*outcome.fault).what()
                             : fmt::format("the task of {} vanished", method);
    } catch (const xapi::Fault& fault) {
        return is_off(job) ? "" : job.session().explained(fault).what();
    }
}

Row climb(Job& job, const Options& o)
{
    const std::size_t cancelled = cancel_operations(job);
    std::string why = attempt(job, "VM.hard_shutdown", o.patience);
    if (why.empty())
        return ok(cancelled > 0 ? fmt::format("switched off (rung 2: hard_shutdown, after "
                                              "cancelling {} operations)",
                                              cancelled)
                                : "switched off (rung 2: hard_shutdown)");
    if (job.record().power_state == "Halted")
        return ok("switched off (rung 1: an operation was in the way)");
    job.note(why);
    std::string rung = "rung 4: power_state_reset";
    if (o.ssh) {
        destroy_domain(job.vm, job.deadline, job.session().stop());
        rung = "rung 3: domain destroyed over SSH, then power_state_reset";
        if (is_off(job))
            return ok("switched off (rung 3: domain destroyed over SSH)");
    }
    const std::string why_not = attempt(job, "VM.power_state_reset", o.patience);
    if (why_not.empty())
        return ok(fmt::format("switched off ({})", rung));
    throw Error(Errc::failed, fmt::format("{}; {}", why, why_not),
                o.ssh ? "xvm host toolstack-restart, then again"
                      : "xvm kill --ssh destroys the domain on its host");
}

Row kill(Job& job, const Options& o)
{
    if (job.record().power_state == "Halted" && job.record().current_operations.empty())
        return skip("already halted");
    if (job.dry_run)
        return ok(job.record().current_operations.empty()
                      ? "would switch off"
                      : "would cancel operations and switch off");
    if (job.record().power_state == "Halted") { // something is being done to it
        const std::size_t cancelled = cancel_operations(job);
        job.wait_until_free();
        return ok(fmt::format("halted (rung 1: cancelled {} operations)", cancelled));
    }
    return climb(job, o);
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const BatchSpec spec{.schema = "xvm.kill/1", .parallel = 16};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return kill(job, o); }, context);
}

} // namespace

Verb kill_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("kill", "switch VMs off, whatever is in the way", "xvm.kill/1",
                   {{"xvm kill db1", "Say which rung of the ladder worked"},
                    {"xvm kill 'lab-*' --patience 10s", "Do not wait long for each attempt"}}),
        declare, run);
}

} // namespace xvm
