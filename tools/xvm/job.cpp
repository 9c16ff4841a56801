// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace xvm {
namespace {

using Clock = std::chrono::steady_clock;

void pause(std::chrono::milliseconds delay, const std::stop_token& stop)
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, delay, [] { return false; });
    if (stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
}

} // namespace

Job::Job(lab::VmTarget& target, const BatchOptions& options, std::chrono::milliseconds timeout,
         const cli::Context& context)
    : vm(target), dry_run(options.dry_run), no_wait(options.no_wait),
      deadline(transport::deadline_in(options.timeout.count() > 0 ? options.timeout : timeout)),
      context_(context)
{
}

const xapi::Vm& Job::refresh()
{
    return vm.record = session().get_record(vm.ref);
}

void Job::note(std::string_view words) const
{
    context_.note(fmt::format("{}: {}", text::printable(vm.label()), words));
}

xmlrpc::Value Job::run(std::string_view method, xapi::Session::Params params)
{
    if (no_wait)
        return xmlrpc::Value(session().async(method, std::move(params)).str());
    const xapi::TaskOutcome outcome = vm.pool->tasks().run(method, std::move(params), deadline);
    if (outcome.end == xapi::TaskOutcome::End::timed_out)
        throw Error(Errc::timeout, fmt::format("{} did not end in time and was cancelled", method),
                    "allow more with --timeout");
    return outcome.value();
}

xapi::TaskOutcome Job::try_run(std::string_view method, xapi::Session::Params params,
                               std::chrono::milliseconds wait)
{
    return vm.pool->tasks().run(method, std::move(params),
                                std::min(deadline, transport::deadline_in(wait)));
}

void Job::wait_until_free()
{
    std::string said;
    while (!record().current_operations.empty()) {
        std::string words;
        for (const auto& [task, operation] : record().current_operations)
            words += fmt::format("{}{}", words.empty() ? "" : ", ", text::printable(operation));
        if (Clock::now() >= deadline)
            throw Error(Errc::timeout, fmt::format("still busy: {}", words),
                        "xvm why shows whose operation it is");
        if (words != said)
            note("waiting for " + words);
        said = words;
        pause(std::chrono::milliseconds(500), session().stop());
        refresh();
    }
}

int run_vms(const Globals& globals, const lab::TargetOptions& targets, const BatchOptions& options,
            const BatchSpec& spec, const VmWork& work, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    return run_vms(lab::resolve(pools, targets, lab::Many::some, context.stop), options, spec, work,
                   context);
}

int run_vms(lab::Resolved resolved, const BatchOptions& options, const BatchSpec& spec,
            const VmWork& work, cli::Context& context)
{
    std::vector<Item> items;
    auto missing = resolved.failed.begin();
    const auto add_missing = [&](std::size_t place) {
        for (; missing != resolved.failed.end() && missing->first <= place; ++missing)
            items.push_back({.name = missing->second.asked,
                             .work = [error = missing->second.error]() -> Row { throw error; }});
    };
    for (std::size_t i = 0; i < resolved.vms.size(); ++i) {
        add_missing(i);
        lab::VmTarget& vm = resolved.vms[i];
        items.push_back({.name = vm.label(),
                         .uuid = vm.record.uuid,
                         .host = vm.record.resident_on ? vm.record.resident_on.str() : "",
                         .pool = vm.pool,
                         .work = [&vm, &options, &spec, &work, &context] {
                             Job job(vm, options, spec.timeout, context);
                             return work(job);
                         }});
    }
    add_missing(resolved.vms.size());
    return run_items(std::move(items), options, spec, context);
}

namespace {

constexpr const char* group = "Batch";

}

void declare_parallel_options(cli::OptionSet& set, const ParallelOptions& o)
{
    set.add_option("-P,--parallel", o.parallel, "How many at once")
        .type_name("N")
        .range(1, 256)
        .group(group);
    set.add_duration("--stagger", o.stagger, "Wait that long between one start and the next")
        .group(group);
    set.add_flag("--fail-fast", o.fail_fast, "Begin nothing more after the first failure")
        .group(group);
}

void declare_batch_options(cli::OptionSet& set, BatchOptions& o)
{
    declare_parallel_options(set, {o.parallel, o.stagger, o.fail_fast});
    set.add_option("--per-host", o.per_host, "How many at once on each host")
        .type_name("N")
        .range(1, 256)
        .group(group);
    set.add_duration("--timeout", o.timeout, "Most time for each").group(group);
    set.add_flag("--strict", o.strict, "What is so already is a failure (exit 6)").group(group);
    set.add_flag("-n,--dry-run", o.dry_run, "Only say what would be done").group(group);
    set.add_flag("-y,--yes", o.yes, "Do not ask").group(group);
    set.add_flag("--no-wait", o.no_wait, "Begin and print the task instead of waiting for its end")
        .group(group);
}

cli::ToolInfo batch_info(std::string_view name, std::string_view summary, std::string_view schema,
                         std::vector<cli::Example> examples)
{
    using cli::Format;
    return {.name = name,
            .summary = summary,
            .schema = schema,
            .formats = {Format::table, Format::tsv, Format::json, Format::jsonl, Format::ids},
            .columns = batch_columns(),
            .examples = std::move(examples),
            .completes = {"VM", "CONTEXT", "HOST"}};
}

} // namespace xvm
