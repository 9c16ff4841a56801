// SPDX-License-Identifier: GPL-3.0-or-later
#include "listing.hpp"
#include "tasks_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    bool all = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_flag("-a,--all", o.all, "Also those that have ended");
}

const std::vector<std::string_view> columns{"name", "status",  "progress", "vm",
                                            "age",  "created", "error",    "uuid"};

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    Listing listing(context, "xvm.task.ls/1", columns,
                    {"name", "status", "progress", "vm", "age", "uuid"}, {"progress", "age"});
    for (lab::Pool* pool : pools.chosen()) {
        PoolView view(*pool);
        for (const TaskRow& task : tasks_of(view, o.all)) {
            // -1: the server has not begun
            const double progress = std::clamp(task.record.progress, 0.0, 1.0);
            const std::string created = rfc3339(task.record.created);
            listing.add(
                {task.record.name_label, task.record.status, fmt::format("{:.0f}%", 100 * progress),
                 task.vm, age_of(task.record.created), created,
                 fmt::format("{}", fmt::join(task.record.error_info, " ")), task.record.uuid},
                {{"name", task.record.name_label},
                 {"description", task.record.name_description},
                 {"status", task.record.status},
                 {"progress", progress},
                 {"vm", task.vm.empty() ? ordered_json() : ordered_json(task.vm)},
                 {"created", created},
                 {"error", task.record.error_info},
                 {"uuid", task.record.uuid}});
        }
    }
    listing.finish();
    return 0;
}

} // namespace

Verb task_ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "task ls",
         .summary = "list what the server is doing, and for which VM",
         .schema = "xvm.task.ls/1",
         .formats = list_formats,
         .columns = columns,
         .output_option = true,
         .examples = {{"xvm task ls -a --format table", "Also what has ended"}},
         .completes = {"CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
