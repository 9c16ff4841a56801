// SPDX-License-Identifier: GPL-3.0-or-later
// xvm task cancel and xvm task wait.
#include "tasks_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    std::vector<std::string> words;
    BatchOptions batch;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("TASK", o.words, "uuid, reference or name (glob); - for a list")
        .type_name("TASK")
        .required();
    declare_batch_options(set, o.batch);
}

Row cancel(lab::Pool& pool, const TaskRow& task, bool dry_run)
{
    if (!task.record.pending())
        return skip("already " + task.record.status);
    if (dry_run)
        return ok("would cancel");
    pool.session().call("task.cancel", {xapi::Session::value(task.ref)});
    return ok("asked to end"); // most operations look only now and then
}

/// Somebody else's task is not destroyed by looking at it, so its record is read once a second.
Row wait(lab::Pool& pool, const TaskRow& task, transport::TimePoint deadline)
{
    xapi::EventStream events(pool.session(), {"task/" + task.ref.str()});
    while (true) {
        try {
            const xapi::Task now = pool.session().get_record(task.ref);
            if (!now.pending()) {
                if (now.status == "success")
                    return ok("success");
                std::vector<std::string> words = now.error_info;
                if (words.empty())
                    words.emplace_back(now.status == "cancelled" ? "TASK_CANCELLED"
                                                                 : "INTERNAL_ERROR");
                const std::string code = words.front();
                words.erase(words.begin());
                throw xapi::Fault("", code, words);
            }
        } catch (const xapi::Fault& fault) {
            if (fault.is("HANDLE_INVALID"))
                throw Error(Errc::not_found, "the task is gone, so how it ended is not known");
            throw;
        }
        if (std::chrono::steady_clock::now() >= deadline)
            throw Error(Errc::timeout, "still pending", "wait longer with --timeout");
        events.next(std::min(deadline, transport::deadline_in(std::chrono::seconds(10))));
    }
}

int run(const Globals& globals, const Options& o, cli::Context& context, const BatchSpec& spec,
        bool only_wait)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    std::vector<Item> items;
    for (const TaskRow& task : pick_tasks(view, o.words, context.stop))
        items.push_back({.name = task.record.name_label,
                         .uuid = task.record.uuid,
                         .pool = &pool,
                         .work = [&, task] {
                             if (!only_wait)
                                 return cancel(pool, task, o.batch.dry_run);
                             const auto most =
                                 o.batch.timeout.count() > 0 ? o.batch.timeout : spec.timeout;
                             return wait(pool, task, transport::deadline_in(most));
                         }});
    return run_items(std::move(items), o.batch, spec, context);
}

int run_cancel(const Globals& globals, const Options& o, cli::Context& context)
{
    return run(globals, o, context, {.schema = "xvm.task.cancel/1"}, false);
}

int run_wait(const Globals& globals, const Options& o, cli::Context& context)
{
    return run(globals, o, context,
               {.schema = "xvm.task.wait/1", .parallel = 16, .timeout = std::chrono::hours(1)},
               true);
}

} // namespace

Verb task_cancel_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("task cancel", "ask the server to end tasks", "xvm.task.cancel/1",
                   {{"xvm task ls -q | xvm task cancel - >cancelled", "All there are"}}),
        declare, run_cancel);
}

Verb task_wait_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info(
            "task wait", "wait until tasks have ended", "xvm.task.wait/1",
            {{"xvm task ls -q | xvm task wait - --timeout 10m >ended", "Also tasks of others"}}),
        declare, run_wait);
}

} // namespace xvm
