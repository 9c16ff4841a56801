// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    std::string to;
    BatchOptions batch;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_option("--to", o.to, "The host to go to").type_name("HOST").required();
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

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const BatchSpec spec{
        .schema = "xvm.migrate/1", .parallel = 2, .timeout = std::chrono::hours(1)};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return migrate(job, o.to); }, context);
}

} // namespace

Verb migrate_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("migrate", "move running VMs to another host of the pool", "xvm.migrate/1",
                   {{"xvm migrate web1 --to host2", "While it runs"}}),
        declare, run);
}

} // namespace xvm
