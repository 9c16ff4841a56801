// SPDX-License-Identifier: GPL-3.0-or-later
// xvm new: VMs from a template: clone, set, provision, start.
#include "batch.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    std::vector<std::string> names;
    std::string from, sr, network;
    unsigned vcpus = 0;
    std::uint64_t memory = 0;
    bool start = false;
    BatchOptions batch;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("NAME", o.names, "Names of the VMs").required();
    set.add_option("--template", o.from, "Name or uuid of the template")
        .type_name("TEMPLATE")
        .required();
    set.add_option("--sr", o.sr, "Where the disks of the template go (default: of the pool)")
        .type_name("SR");
    set.add_option("--network", o.network, "Give it a NIC on this network").type_name("NETWORK");
    set.add_option("--vcpus", o.vcpus, "Processors").type_name("N").range(1, 1024);
    set.add_size("--memory", o.memory, "Memory, as in 4G");
    set.add_flag("--start", o.start, "Start them");
    declare_batch_options(set, o.batch);
}

/// What is the same for all of them.
struct Plan {
    xapi::Ref<xapi::Vm> from;
    std::string sr_uuid;
    std::optional<xapi::Ref<xapi::Network>> network;
};

xapi::Ref<xapi::Vm> find_template(lab::Pool& pool, const std::string& word)
{
    const auto all = pool.session().get_all<xapi::Vm>(
        "field \"is_a_template\" = \"true\" and field \"is_a_snapshot\" = \"false\"");
    const auto found = match("template", known(all), word);
    if (found.size() != 1)
        throw Error(Errc::ambiguous, fmt::format("several templates match {}", text::quoted(word)));
    return all[found.front()].ref;
}

/// The template lists the disks to be made in other_config.disks, as XML that names their SR; an
/// empty name means the default SR of the pool.
void choose_sr(Job& job, const xmlrpc::Value& vm, const std::string& sr_uuid)
{
    const auto record = xapi::Vm::from(job.session().call("VM.get_record", {vm}));
    const auto disks = record.other_config.find("disks");
    if (disks == record.other_config.end())
        return;
    std::string text;
    std::string_view rest = disks->second;
    for (std::size_t at = rest.find("sr=\""); at != std::string_view::npos;
         at = rest.find("sr=\"")) {
        text += rest.substr(0, at + 4);
        rest.remove_prefix(at + 4);
        text += sr_uuid;
        rest.remove_prefix(std::min(rest.find('"'), rest.size()));
    }
    text += rest;
    job.session().call("VM.remove_from_other_config", {vm, xmlrpc::Value("disks")});
    job.session().call("VM.add_to_other_config", {vm, xmlrpc::Value("disks"), xmlrpc::Value(text)});
}

void add_nic(Job& job, const xmlrpc::Value& vm, const xapi::Ref<xapi::Network>& network)
{
    xmlrpc::Struct vif;
    vif.emplace("VM", vm);
    vif.emplace("network", xapi::Session::value(network));
    vif.emplace("device", xmlrpc::Value("0"));
    vif.emplace("MAC", xmlrpc::Value("")); // the server makes one
    vif.emplace("MTU", xmlrpc::Value(std::int64_t{1500}));
    vif.emplace("other_config", xmlrpc::Value(xmlrpc::Struct()));
    vif.emplace("qos_algorithm_type", xmlrpc::Value(""));
    vif.emplace("qos_algorithm_params", xmlrpc::Value(xmlrpc::Struct()));
    job.session().call("VIF.create", {xmlrpc::Value(std::move(vif))});
}

void set_up(Job& job, const xmlrpc::Value& vm, const Plan& plan, const Options& o)
{
    xapi::Session& session = job.session();
    if (o.vcpus > 0) {
        const xmlrpc::Value count(static_cast<std::int64_t>(o.vcpus));
        // The maximum may not be below the number at start.
        const auto now = xapi::Vm::from(session.call("VM.get_record", {vm}));
        const bool shrinks = o.vcpus < now.VCPUs_at_startup;
        session.call(shrinks ? "VM.set_VCPUs_at_startup" : "VM.set_VCPUs_max", {vm, count});
        session.call(shrinks ? "VM.set_VCPUs_max" : "VM.set_VCPUs_at_startup", {vm, count});
    }
    if (o.memory > 0) {
        const xmlrpc::Value size(static_cast<std::int64_t>(o.memory));
        session.call("VM.set_memory_limits", {vm, size, size, size, size});
    }
    if (!plan.sr_uuid.empty())
        choose_sr(job, vm, plan.sr_uuid);
    if (plan.network)
        add_nic(job, vm, *plan.network);
    job.run("VM.provision", {vm});
}

Row make(Job& job, const Plan& plan, const std::string& name, const Options& o)
{
    if (job.dry_run)
        return ok("would make");
    const auto vm = job.run("VM.clone", {xapi::Session::value(plan.from), xmlrpc::Value(name)});
    const xmlrpc::Value mark{std::string(lab::mark_key)};
    try {
        // Should we be killed before it is complete, xvm reap finds it.
        job.session().call("VM.add_to_other_config",
                           {vm, mark, xmlrpc::Value(lab::own_mark().text())});
        set_up(job, vm, plan, o);
        job.session().call("VM.remove_from_other_config", {vm, mark});
    } catch (const Error&) { // no half-made VM stays behind
        job.session().clean_up("VM.destroy", {vm});
        throw;
    }
    if (o.start)
        job.run("VM.start", {vm, xmlrpc::Value(false), xmlrpc::Value(false)});
    const std::string uuid = job.session().call("VM.get_uuid", {vm}).as_scalar().value_or("");
    return ok(fmt::format("{}{}", uuid, o.start ? ", running" : ""));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.batch.no_wait)
        throw Error(Errc::usage, "new is several steps, which --no-wait cannot leave behind");
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    Plan plan{.from = find_template(pool, o.from)};
    if (!o.sr.empty())
        plan.sr_uuid = pick_one<xapi::Sr>(view, "SR", o.sr).record.uuid;
    if (!o.network.empty())
        plan.network = pick_one<xapi::Network>(view, "network", o.network).ref;
    const BatchSpec spec{.schema = "xvm.new/1", .parallel = 4};
    std::vector<Item> items;
    lab::VmTarget target{.pool = &pool};
    for (const std::string& name : lab::expand_lists(o.names, context.stop))
        items.push_back({.name = name, .pool = &pool, .work = [&, name] {
                             lab::VmTarget own = target;
                             Job job(own, o.batch, spec.timeout, context);
                             return make(job, plan, name, o);
                         }});
    return run_items(std::move(items), o.batch, spec, context);
}

} // namespace

Verb new_verb()
{
    cli::ToolInfo info =
        batch_info("new", "make VMs from a template; the message is the uuid of each", "xvm.new/1",
                   {{"xvm new tmp-1 tmp-2 --template 'Debian*' --vcpus 4 --memory 4G --start",
                     "Two, running at once"}});
    info.completes = {"TEMPLATE", "SR", "NETWORK", "CONTEXT", "HOST"};
    return cli::make_verb<Globals, Options>(std::move(info), declare, run);
}

} // namespace xvm
