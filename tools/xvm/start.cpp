// SPDX-License-Identifier: GPL-3.0-or-later
#include "power.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
    bool paused = false;
    std::string on;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_flag("--paused", o.paused, "Leave it paused before its first instruction");
    set.add_option("--on", o.on, "Start it on this host").type_name("HOST");
    declare_batch_options(set, o.batch);
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const BatchSpec spec{.schema = "xvm.start/1", .parallel = 8};
    return run_vms(
        globals, o.targets, o.batch, spec,
        [&](Job& job) {
            PowerChange change{.method = "VM.start",
                               .more = {xmlrpc::Value(o.paused), xmlrpc::Value(false)},
                               .from = {"Halted"},
                               .goal = o.paused ? "Paused" : "Running",
                               .done = o.paused ? "started, paused" : "started",
                               .would = "would start",
                               .hint =
                                   "xvm resume for a suspended VM, xvm unpause for a paused one"};
            if (!o.on.empty()) {
                change.method = "VM.start_on";
                change.more.insert(change.more.begin(),
                                   xapi::Session::value(find_host(*job.vm.pool, o.on).ref));
            }
            return change_power(job, change);
        },
        context);
}

} // namespace

Verb start_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("start", "start VMs", "xvm.start/1",
                   {{"xvm start 'lab-*' -P 4 --stagger 2s", "Without a storm on the storage"},
                    {"xvm start web1 --on host2", "On a certain host"}}),
        declare, run);
}

} // namespace xvm
