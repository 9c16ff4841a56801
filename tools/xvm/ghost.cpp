// SPDX-License-Identifier: GPL-3.0-or-later
// xvm ghost ls and fix: the evidence first, then what can be mended without losing data.
#include "ghosts.hpp"
#include "listing.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace xvm {
namespace {

const std::vector<std::string_view> columns{"evidence", "class", "name", "message",
                                            "advice",   "fix",   "uuid"};

struct Options {
    GhostOptions search;
    std::vector<std::string> targets;
    bool all = false;
    ChangeOptions change;
};

void declare_older(cli::OptionSet& set, Options& o)
{
    set.add_duration("--older", o.search.older,
                     "Leave Transfer VMs alone that run for less than this (default 1h)");
}

void declare_ls(cli::OptionSet& set, Options& o)
{
    declare_older(set, o);
}

int run_ls(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    PoolView view(pools.single());
    Listing list(context, "xvm.ghost.ls/1", columns,
                 {"evidence", "class", "name", "message", "advice"});
    for (const Ghost& ghost : find_ghosts(view, o.search)) {
        const bool fixable = ghost.fix != Ghost::Fix::none;
        list.add({ghost.evidence, ghost.class_name, ghost.name, ghost.message, ghost.advice,
                  fixable ? "yes" : "no", ghost.uuid},
                 {{"evidence", ghost.evidence},
                  {"class", ghost.class_name},
                  {"name", ghost.name},
                  {"uuid", ghost.uuid},
                  {"message", ghost.message},
                  {"advice", ghost.advice},
                  {"fixable", fixable}});
    }
    list.finish();
    return 0;
}

void declare_fix(cli::OptionSet& set, Options& o)
{
    set.add_option("GHOST", o.targets, "Names or uuids that ghost ls shows, 'glob*', - for a list")
        .type_name("VM");
    set.add_flag("--all", o.all, "All that can be mended");
    declare_older(set, o);
    declare_change_options(set, o.change, true);
}

std::vector<Ghost> chosen(std::vector<Ghost> ghosts, const Options& o, const cli::Context& context)
{
    std::vector<Ghost> wanted;
    if (o.all) {
        std::copy_if(ghosts.begin(), ghosts.end(), std::back_inserter(wanted),
                     [](const Ghost& ghost) { return ghost.fix != Ghost::Fix::none; });
        return wanted;
    }
    // Two kinds of evidence against one object are one object to a user.
    std::vector<Known> names;
    for (const Ghost& ghost : ghosts)
        names.push_back({ghost.name, ghost.uuid});
    std::set<std::size_t> taken;
    for (const std::string& word : lab::expand_lists(o.targets, context.stop)) {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < ghosts.size(); ++i)
            if (ghosts[i].uuid == word)
                found.push_back(i);
        if (found.empty())
            found = match("ghost", names, word);
        for (const std::size_t index : found)
            if (taken.insert(index).second)
                wanted.push_back(ghosts[index]);
    }
    return wanted;
}

int run_fix(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.all == !o.targets.empty())
        throw Error(Errc::usage, "name what is to be mended, or give --all",
                    "xvm ghost ls shows what there is");
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    const auto ghosts = chosen(find_ghosts(view, o.search), o, context);
    std::vector<std::string> what;
    for (const Ghost& ghost : ghosts)
        if (ghost.fix != Ghost::Fix::none)
            what.push_back(fmt::format("{} ({})", text::quoted(ghost.name), ghost.evidence));
    if (!what.empty())
        confirm(o.change, context, fmt::format("mend {}", fmt::join(what, ", ")));
    Rows rows(context, "xvm.ghost.fix/1", o.change);
    for (const Ghost& ghost : ghosts)
        rows.run(pool, ghost.name, ghost.uuid, [&]() -> Done {
            if (ghost.fix == Ghost::Fix::none)
                throw Error(Errc::precondition, ghost.evidence + ": " + ghost.message,
                            ghost.advice);
            if (o.change.dry_run)
                return {.message = fmt::format("{}: {}", ghost.evidence, ghost.advice)};
            return {.message = fmt::format("{}: {}", ghost.evidence,
                                           fix_ghost(pool, ghost, o.search, context))};
        });
    return rows.finish();
}

} // namespace

Verb ghost_ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "ghost ls",
         .summary = "list what interrupted work and dead hosts left behind",
         .schema = "xvm.ghost.ls/1",
         .formats = list_formats,
         .columns = columns,
         .examples =
             {{"xvm ghost ls --json | jq -r '.items[].uuid' | xvm ghost fix - --dry-run --json",
               "The evidence, and what could be done"}},
         .completes = {"CONTEXT", "HOST"}},
        declare_ls, run_ls);
}

Verb ghost_fix_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "ghost fix",
         .summary = "mend what ghost ls shows, without touching data",
         .schema = "xvm.ghost.fix/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm ghost fix --all --dry-run --json", "What would be done"}},
         .completes = {"VM", "CONTEXT", "HOST"}},
        declare_fix, run_fix);
}

} // namespace xvm
