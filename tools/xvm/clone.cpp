// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch.hpp"
#include "snapshots.hpp"

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    std::string source;
    std::vector<std::string> names;
    std::string snapshot;
    bool full = false;
    bool start = false;
    BatchOptions batch;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("VM", o.source, "The VM to clone (halted), or whose snapshot to clone")
        .required();
    set.add_option("NAME", o.names, "Names of the clones").required();
    set.add_option("--snapshot", o.snapshot, "Clone this snapshot of the VM").type_name("SNAPSHOT");
    set.add_flag("--full", o.full, "Copy the disks instead of sharing what does not change");
    set.add_flag("--start", o.start, "Start the clones");
    declare_batch_options(set, o.batch);
}

Row make(Job& job, const xapi::Ref<xapi::Vm>& from, const std::string& name, const Options& o)
{
    if (job.dry_run)
        return ok("would clone");
    xapi::Session::Params params{xapi::Session::value(from), xmlrpc::Value(name)};
    if (o.full)
        params.emplace_back("OpaqueRef:NULL"); // the SRs of the originals
    const auto made = job.run(o.full ? "VM.copy" : "VM.clone", std::move(params));
    if (job.no_wait)
        return ok("task " + made.as_scalar().value_or(""));
    const xapi::Ref<xapi::Vm> vm(made.as_scalar().value_or(""));
    if (!o.snapshot.empty()) // clones of snapshots are templates, as snapshots are
        job.session().call("VM.set_is_a_template", {made, xmlrpc::Value(false)});
    if (o.start)
        job.run("VM.start", {made, xmlrpc::Value(false), xmlrpc::Value(false)});
    const std::string uuid = job.session().call("VM.get_uuid", {made}).as_scalar().value_or("");
    return ok(fmt::format("{}{}", uuid, o.start ? ", running" : ""));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::VmTarget source = lab::resolve_vm(pools, o.source);
    xapi::Ref<xapi::Vm> from = source.ref;
    if (!o.snapshot.empty())
        from = pick_snapshot(snapshots_of(*source.pool, source.record), o.snapshot).ref;
    else if (source.record.power_state != "Halted")
        throw Error(Errc::precondition, "a VM must be halted to be cloned",
                    "clone a snapshot of it with --snapshot");
    const BatchSpec spec{
        .schema = "xvm.clone/1", .parallel = 4, .timeout = std::chrono::minutes(o.full ? 120 : 10)};
    std::vector<Item> items;
    for (const std::string& name : lab::expand_lists(o.names, context.stop))
        items.push_back({.name = name, .pool = source.pool, .work = [&, name] {
                             Job job(source, o.batch, spec.timeout, context);
                             return make(job, from, name, o);
                         }});
    return run_items(std::move(items), o.batch, spec, context);
}

} // namespace

Verb clone_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("clone", "make VMs from one; the message is the uuid of each", "xvm.clone/1",
                   {{"xvm clone gold lab-7 lab-8", "Two like it, at once"}}),
        declare, run);
}

} // namespace xvm
