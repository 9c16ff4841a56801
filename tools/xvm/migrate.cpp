// SPDX-License-Identifier: GPL-3.0-or-later
// xvm migrate: VMs to another host, other storage, another pool.
#include "migrate_send.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <map>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    std::string to, sr, network;
    BatchOptions batch;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_option("--to", o.to, "The host to go to; CONTEXT/HOST for one of another pool")
        .type_name("HOST");
    set.add_option("--sr", o.sr,
                   "Move their disks to this SR (to another pool: default is its default SR)")
        .type_name("SR");
    set.add_option("--network", o.network,
                   "To another pool: put their cards on this network of it, not on the one of the "
                   "same name")
        .type_name("NETWORK");
    declare_batch_options(set, o.batch);
}

Row migrate(Job& job, const std::string& to)
{
    const auto& host = find_host(*job.vm.pool, to);
    const std::string name = text::printable(host.record.name_label);
    if (job.record().power_state != "Running")
        throw Error(
            Errc::precondition,
            fmt::format("is {}, but must be running", text::to_lower(job.record().power_state)),
            "a halted VM runs where it is started: xvm start --on HOST");
    if (job.record().resident_on == host.ref)
        return skip("already on " + name);
    if (job.dry_run)
        return ok("would move to " + name);
    job.wait_until_free();
    xmlrpc::Struct options;
    options.emplace("live", xmlrpc::Value("true"));
    try {
        const auto task = job.run("VM.pool_migrate", {job.ref(), xapi::Session::value(host.ref),
                                                      xmlrpc::Value(std::move(options))});
        return ok(job.no_wait ? "task " + task.as_scalar().value_or("") : "moved to " + name);
    } catch (const xapi::Fault&) {
        throw;
    } catch (const Error& error) { // the answer was lost, or the task vanished
        if (error.code() != Errc::failed && error.code() != Errc::unreachable)
            throw;
        if (job.refresh().resident_on == host.ref)
            return ok(fmt::format("moved to {} (the answer was lost)", name));
        throw;
    }
}

/// The other pool of "CONTEXT/HOST", or nullptr.
lab::Pool* other_pool(lab::Pools& pools, const std::string& to)
{
    const std::size_t slash = to.find('/');
    return slash != std::string::npos && pools.knows(to.substr(0, slash))
               ? &pools.named(to.substr(0, slash))
               : nullptr;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.to.empty() && o.sr.empty())
        throw Error(Errc::usage, "say where to: --to, --sr or both");
    const BatchSpec spec{
        .schema = "xvm.migrate/1", .parallel = 2, .timeout = std::chrono::hours(1)};
    lab::Pools pools = open_pools(globals, context);
    lab::Pool* other = other_pool(pools, o.to);
    if (other == nullptr && !o.network.empty())
        throw Error(Errc::usage, "--network is for moves to another pool");
    auto resolved = lab::resolve(pools, o.targets, lab::Many::some, context.stop);
    const std::string host = other == nullptr ? o.to : o.to.substr(o.to.find('/') + 1);
    std::map<lab::Pool*, PoolView> views; // of the pools they go to
    for (const lab::VmTarget& vm : resolved.vms)
        views.try_emplace(other != nullptr ? other : vm.pool, other != nullptr ? *other : *vm.pool);
    std::map<lab::Pool*, Destination> destinations;
    for (auto& [pool, view] : views)
        destinations.emplace(pool,
                             Destination{.view = view,
                                         .host = host.empty() ? nullptr : &find_host(*pool, host),
                                         .sr = o.sr,
                                         .network = o.network});
    return run_vms(
        std::move(resolved), o.batch, spec,
        [&](Job& job) {
            lab::Pool* to = other != nullptr ? other : job.vm.pool;
            return to == job.vm.pool && o.sr.empty() ? migrate(job, host)
                                                     : send_vm(job, destinations.at(to));
        },
        context);
}

} // namespace

Verb migrate_verb()
{
    cli::ToolInfo info = batch_info(
        "migrate", "move VMs to another host, other storage or another pool", "xvm.migrate/1",
        {{"xvm migrate web1 --to host2", "While it runs"},
         {"xvm migrate 'lab-*' --sr 'Local storage 2' --dry-run", "Only their disks"}});
    info.completes = {"VM", "HOST", "SR", "NETWORK", "CONTEXT"};
    return cli::make_verb<Globals, Options>(std::move(info), declare, run);
}

} // namespace xvm
