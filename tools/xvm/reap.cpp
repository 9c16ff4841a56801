// SPDX-License-Identifier: GPL-3.0-or-later
// xvm reap: take away what runs of our own tools left behind when they were killed: objects that
// carry their mark (lab/mark.hpp) and the operations they blocked. Of a run on another machine it
// is not to be known whether it lives, so that is left alone unless it is named or old.
#include "listing.hpp"
#include "pool_view.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace xvm {
namespace {

struct Options {
    std::vector<std::string> runs;
    std::chrono::milliseconds older{std::chrono::hours(24)};
    ChangeOptions change;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("RUN", o.runs, "Only what these runs left (as TOOL@MACHINE.PROCESS.TIME)")
        .type_name("RUN");
    set.add_duration("--older", o.older,
                     "Runs on other machines are dead after this time (default 24h)");
    declare_change_options(set, o.change, true);
}

/// One thing to take away.
struct Remain {
    lab::Mark mark;
    std::string name, uuid, what;
    std::function<void()> take_away; ///< uses the Collector
};

class Collector {
  public:
    Collector(PoolView& view, const Options& o, const cli::Context& context)
        : view_(view), o_(o), context_(context)
    {
    }

    std::vector<Remain> run()
    {
        for (const auto& vm : view_.all<xapi::Vm>()) {
            blocks(vm);
            machine(vm);
        }
        for (const auto& vdi : view_.all<xapi::Vdi>())
            disk(vdi);
        for (const auto& task : view_.all<xapi::Task>())
            transfer(task);
        return std::move(found_);
    }

  private:
    [[nodiscard]] bool dead(const lab::Mark& mark) const;
    void blocks(const xapi::Object<xapi::Vm>& vm);
    void machine(const xapi::Object<xapi::Vm>& vm);
    void disk(const xapi::Object<xapi::Vdi>& vdi);
    void transfer(const xapi::Object<xapi::Task>& task);

    PoolView& view_;
    const Options& o_;
    const cli::Context& context_;
    std::vector<Remain> found_;
};

bool Collector::dead(const lab::Mark& mark) const
{
    const lab::Alive state = lab::alive(mark);
    const bool named = std::find(o_.runs.begin(), o_.runs.end(), mark.text()) != o_.runs.end();
    if (state == lab::Alive::yes || (!o_.runs.empty() && !named))
        return false;
    const auto age = std::time(nullptr) - mark.started;
    return state == lab::Alive::no || named ||
           age >= std::chrono::duration_cast<std::chrono::seconds>(o_.older).count();
}

void Collector::blocks(const xapi::Object<xapi::Vm>& vm)
{
    for (const auto& [operation, reason] : vm.record.blocked_operations) {
        const auto mark = lab::parse_mark(reason);
        if (!mark || !dead(*mark))
            continue;
        found_.push_back({.mark = *mark,
                          .name = vm.record.name_label,
                          .uuid = vm.record.uuid,
                          .what = "unblock " + text::printable(operation),
                          .take_away = [this, ref = vm.ref, operation = operation] {
                              view_.pool().session().call("VM.remove_from_blocked_operations",
                                                          {value(ref), xmlrpc::Value(operation)});
                          }});
    }
}

/// A snapshot or VM that a tool made for the time of its work, with the disks made with it: those
/// of a snapshot are snapshots themselves; of a VM only marked ones go.
void Collector::machine(const xapi::Object<xapi::Vm>& vm)
{
    const auto mark = lab::parse_mark(value_of(vm.record.other_config, lab::mark_key));
    if (!mark || !dead(*mark))
        return;
    std::vector<xapi::Ref<xapi::Vdi>> disks;
    for (const auto& ref : vm.record.VBDs)
        if (const xapi::Vbd* vbd = view_.find(ref); vbd != nullptr && vbd->type == "Disk")
            if (const xapi::Vdi* vdi = view_.find(vbd->VDI);
                vdi != nullptr && vdi->VBDs.size() == 1 &&
                ((vm.record.is_a_snapshot && vdi->is_a_snapshot) ||
                 vdi->other_config.contains(lab::mark_key)))
                disks.push_back(vbd->VDI);
    const bool running = vm.record.power_state != "Halted" && !vm.record.is_a_snapshot;
    found_.push_back({.mark = *mark,
                      .name = vm.record.name_label,
                      .uuid = vm.record.uuid,
                      .what = fmt::format("delete the {} and {} disk{} of it",
                                          vm.record.is_a_snapshot ? "snapshot" : "VM", disks.size(),
                                          disks.size() == 1 ? "" : "s"),
                      .take_away = [this, ref = vm.ref, disks, running] {
                          if (running)
                              throw Error(Errc::precondition, "the VM is not halted");
                          run_task(view_.pool(), context_, "VM.destroy", {value(ref)});
                          for (const auto& disk : disks)
                              run_task(view_.pool(), context_, "VDI.destroy", {value(disk)});
                      }});
}

/// A marked disk that nobody has.
void Collector::disk(const xapi::Object<xapi::Vdi>& vdi)
{
    const auto mark = lab::parse_mark(value_of(vdi.record.other_config, lab::mark_key));
    if (!mark || !dead(*mark) || !vdi.record.VBDs.empty())
        return;
    found_.push_back({.mark = *mark,
                      .name = vdi.record.name_label,
                      .uuid = vdi.record.uuid,
                      .what = "delete the disk",
                      .take_away = [this, ref = vdi.ref] {
                          run_task(view_.pool(), context_, "VDI.destroy", {value(ref)});
                      }});
}

/// A task that stays pending for ever because its transfer never came (observed 4).
void Collector::transfer(const xapi::Object<xapi::Task>& task)
{
    const auto mark = lab::parse_mark(value_of(task.record.other_config, lab::mark_key));
    if (!mark || !dead(*mark))
        return;
    found_.push_back(
        {.mark = *mark,
         .name = task.record.name_label,
         .uuid = task.record.uuid,
         .what = "end the task",
         .take_away = [this, ref = task.ref, pending = task.record.pending()] {
             xapi::Session& session = view_.pool().session();
             if (pending)
                 session.call("task.set_status", {value(ref), xmlrpc::Value("cancelled")});
             session.call("task.destroy", {value(ref)});
         }});
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    for (const std::string& run : o.runs)
        if (!lab::parse_mark(run))
            throw Error(Errc::usage, fmt::format("{} is no run", text::quoted(run)),
                        "as xvm reap --dry-run shows them");
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    Collector collector(view, o, context);
    const auto remains = collector.run();
    if (!remains.empty())
        confirm(o.change, context,
                fmt::format("take away {} thing{} that dead runs left", remains.size(),
                            remains.size() == 1 ? "" : "s"));
    Rows rows(context, "xvm.reap/1", o.change);
    for (const Remain& remain : remains)
        rows.run(pool, remain.name, remain.uuid, [&]() -> Done {
            const std::string words = fmt::format("{} ({})", remain.what, remain.mark.text());
            if (o.change.dry_run)
                return {.message = "would " + words};
            remain.take_away();
            return {.message = words};
        });
    if (remains.empty())
        context.note("nothing was left behind");
    return rows.finish();
}

} // namespace

Verb reap_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "reap",
         .summary = "take away what interrupted runs of these tools left in a pool",
         .schema = "xvm.reap/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm reap --dry-run --json", "What is there, and of which run"}},
         .completes = {"CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
