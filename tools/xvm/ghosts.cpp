// SPDX-License-Identifier: GPL-3.0-or-later
#include "ghosts.hpp"

#include "rows.hpp"
#include "vdi_holders.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace xvm {
namespace {

using Fix = Ghost::Fix;

bool is_true(const xapi::StringMap& map, std::string_view key)
{
    return value_of(map, key) == "true";
}

class Search {
  public:
    Search(PoolView& view, const GhostOptions& options) : view_(view), options_(options)
    {
        std::set<std::string> live;
        view.pool().session().each_record(
            "host_metrics", {}, [&](const std::string& ref, const xmlrpc::Value& record) {
                const xmlrpc::Value* value = record.find("live");
                if (value != nullptr && value->as_bool().value_or(false))
                    live.insert(ref);
            });
        for (const auto& host : view.all<xapi::Host>())
            if (!live.contains(host.record.metrics))
                dead_hosts_.insert(host.ref.str());
    }

    std::vector<Ghost> run()
    {
        for (const auto& vm : view_.all<xapi::Vm>())
            if (!vm.record.is_control_domain)
                look_at(vm);
        for (const auto& vbd : view_.all<xapi::Vbd>())
            look_at(vbd);
        std::stable_sort(ghosts_.begin(), ghosts_.end(), [](const Ghost& a, const Ghost& b) {
            return std::tie(a.evidence, a.name, a.uuid) < std::tie(b.evidence, b.name, b.uuid);
        });
        return std::move(ghosts_);
    }

  private:
    void look_at(const xapi::Object<xapi::Vm>& vm);
    void look_at(const xapi::Object<xapi::Vbd>& vbd);
    void power(const xapi::Object<xapi::Vm>& vm);
    void operations(const xapi::Object<xapi::Vm>& vm);
    void transfer_vm(const xapi::Object<xapi::Vm>& vm);
    void leftovers(const xapi::Object<xapi::Vm>& vm);
    void add(const xapi::Object<xapi::Vm>& vm, std::string evidence, std::string message,
             std::string advice, Fix fix);
    [[nodiscard]] bool busy(const xapi::Vm& vm);

    PoolView& view_;
    const GhostOptions options_;
    std::set<std::string> dead_hosts_;
    std::vector<Ghost> ghosts_;
};

void Search::add(const xapi::Object<xapi::Vm>& vm, std::string evidence, std::string message,
                 std::string advice, Fix fix)
{
    ghosts_.push_back({.evidence = std::move(evidence),
                       .class_name = "VM",
                       .ref = vm.ref.str(),
                       .uuid = vm.record.uuid,
                       .name = vm.record.name_label,
                       .message = std::move(message),
                       .advice = std::move(advice),
                       .fix = fix});
}

/// An operation whose task is still pending is going on.
bool Search::busy(const xapi::Vm& vm)
{
    return std::any_of(
        vm.current_operations.begin(), vm.current_operations.end(), [&](const auto& operation) {
            const xapi::Task* task = view_.find(xapi::Ref<xapi::Task>(operation.first));
            return task != nullptr && task->pending();
        });
}

void Search::look_at(const xapi::Object<xapi::Vm>& vm)
{
    if (value_of(vm.record.other_config, "transfervm_clone") == "true") {
        transfer_vm(vm);
        return;
    }
    if (!vm.record.is_a_template && !vm.record.is_a_snapshot)
        power(vm);
    operations(vm);
    leftovers(vm);
}

void Search::power(const xapi::Object<xapi::Vm>& vm)
{
    const std::string& state = vm.record.power_state;
    if ((state != "Running" && state != "Paused") || busy(vm.record))
        return;
    const std::string advice = "marks it as halted; the server refuses that while its domain lives";
    if (vm.record.resident_on.null() || vm.record.domid < 0) {
        add(vm, "no-domain",
            fmt::format("it counts as {}, but has no {}", text::to_lower(state),
                        vm.record.resident_on.null() ? "host" : "domain"),
            advice, Fix::reset);
    } else if (dead_hosts_.contains(vm.record.resident_on.str())) {
        const std::string host = text::printable(view_.name(vm.record.resident_on));
        add(vm, "host-dead",
            fmt::format("it counts as {} on {}, and that host has stopped reporting",
                        text::to_lower(state), host),
            fmt::format("marks it as halted; make sure first that {} is really off, or two copies "
                        "could write to its disks",
                        host),
            Fix::reset);
    }
}

void Search::operations(const xapi::Object<xapi::Vm>& vm)
{
    std::vector<std::string> stale;
    for (const auto& [task, operation] : vm.record.current_operations)
        if (view_.find(xapi::Ref<xapi::Task>(task)) == nullptr)
            stale.push_back(text::printable(operation));
    if (stale.empty())
        return;
    const bool import = std::find(stale.begin(), stale.end(), "import") != stale.end();
    const bool resettable = vm.record.power_state == "Halted" && !busy(vm.record) &&
                            !vm.record.is_a_template && !vm.record.is_a_snapshot;
    add(vm, import ? "import-remains" : "stale-operation",
        fmt::format("it is marked as being in {}, but the task of that is gone",
                    fmt::join(stale, ", ")),
        import       ? std::string("clears the mark; xvm rm then deletes what was imported of it")
        : resettable ? std::string("clears the mark")
                     : std::string("restart the toolstack of its host: xvm host toolstack-restart"),
        resettable ? Fix::reset : Fix::none);
}

void Search::transfer_vm(const xapi::Object<xapi::Vm>& vm)
{
    if (busy(vm.record))
        return;
    bool old = vm.record.power_state == "Halted";
    if (!old) {
        const auto metrics =
            view_.pool().session().call("VM.get_metrics", {value(vm.ref)}).as_scalar().value_or("");
        const auto start =
            view_.pool().session().call("VM_metrics.get_start_time", {xmlrpc::Value(metrics)});
        const auto since =
            start.if_date() == nullptr ? std::nullopt : unix_time(start.if_date()->text);
        const auto least = std::chrono::duration_cast<std::chrono::seconds>(options_.older).count();
        old = since && std::time(nullptr) - *since >= least;
    }
    add(vm, "transfer-vm",
        fmt::format("a Transfer VM of an old import or export, {}",
                    text::to_lower(vm.record.power_state)),
        old ? "halts and removes it; the disks it served are kept"
            : "it may still be needed: it runs for less than " +
                  text::human_duration(
                      std::chrono::duration_cast<std::chrono::seconds>(options_.older)),
        old ? Fix::transfer_vm : Fix::none);
}

void Search::leftovers(const xapi::Object<xapi::Vm>& vm)
{
    const std::string& name = vm.record.name_label;
    if (name.starts_with("__gui__") && !vm.record.is_default_template)
        add(vm, "gui-temporary", "a temporary VM of XenCenter",
            "xvm rm, if no XenCenter is at work", Fix::none);
    if ((name.starts_with("[XO") || name.starts_with("[Importing")) && !busy(vm.record))
        add(vm, "xo-leftover", "Xen Orchestra makes such for the time of a transfer",
            vm.record.is_a_snapshot ? "xvm snap rm, if no backup of Xen Orchestra runs"
                                    : "xvm rm, if no job of Xen Orchestra runs",
            Fix::none);
    if (const auto mark = lab::parse_mark(value_of(vm.record.other_config, lab::mark_key));
        mark && lab::alive(*mark) != lab::Alive::yes)
        add(vm, "our-leftover", fmt::format("left behind by {}", mark->text()), "xvm reap",
            Fix::none);
    for (const auto& [operation, reason] : vm.record.blocked_operations)
        if (const auto mark = lab::parse_mark(reason);
            mark && lab::alive(*mark) != lab::Alive::yes) {
            add(vm, "our-block",
                fmt::format("{} is still blocked by {}", text::printable(operation), mark->text()),
                "xvm reap", Fix::none);
            break;
        }
}

void Search::look_at(const xapi::Object<xapi::Vbd>& vbd)
{
    const xapi::Vm* vm = view_.find(vbd.record.VM);
    std::string why;
    if (vm == nullptr || !vm->is_control_domain || vbd.record.VDI.null())
        return;
    const xapi::Vdi* vdi = view_.find(vbd.record.VDI);
    const bool stale = stale_in_dom0(view_, vbd.record, why);
    if (!stale && !why.starts_with("a transfer may"))
        return;
    ghosts_.push_back(
        {.evidence = "dom0-vbd",
         .class_name = "VBD",
         .ref = vbd.ref.str(),
         .uuid = vbd.record.uuid,
         .name = vdi == nullptr ? "(gone)" : vdi->name_label,
         .message = fmt::format("the disk is in {}: {}", text::quoted(vm->name_label), why),
         .advice =
             stale ? "takes it from the control domain; the disk is kept" : "wait for the task",
         .fix = stale ? Fix::release : Fix::none});
}

// -- fixing -----------------------------------------------------------------------------------

/// Halts it, takes away its VBDs, destroys it, and of its disks only those that the Transfer VM
/// brought itself (other_config transfervm = true).
std::string remove_transfer_vm(PoolView& now, const Ghost& ghost, const cli::Context& context)
{
    lab::Pool& pool = now.pool();
    const xapi::Ref<xapi::Vm> ref(ghost.ref);
    const xapi::Vm& vm = *now.find(ref);
    if (vm.power_state != "Halted")
        run_task(pool, context, "VM.hard_shutdown", {value(ref)});
    std::vector<xapi::Ref<xapi::Vdi>> own;
    for (const auto& vbd_ref : vm.VBDs) {
        const xapi::Vbd* vbd = now.find(vbd_ref);
        if (vbd == nullptr)
            continue;
        const xapi::Vdi* vdi = now.find(vbd->VDI);
        if (vdi != nullptr && is_true(vdi->other_config, "transfervm"))
            own.push_back(vbd->VDI);
        pool.session().call("VBD.destroy", {value(vbd_ref)});
    }
    run_task(pool, context, "VM.destroy", {value(ref)});
    for (const auto& vdi : own)
        run_task(pool, context, "VDI.destroy", {value(vdi)});
    return fmt::format("removed, with {} disk{} of its own", own.size(),
                       own.size() == 1 ? "" : "s");
}

} // namespace

std::vector<Ghost> find_ghosts(PoolView& view, const GhostOptions& options)
{
    return Search(view, options).run();
}

std::string fix_ghost(lab::Pool& pool, const Ghost& ghost, const GhostOptions& options,
                      const cli::Context& context)
{
    PoolView now(pool);
    const auto again = find_ghosts(now, options);
    const bool still = std::any_of(again.begin(), again.end(), [&](const Ghost& one) {
        return one.ref == ghost.ref && one.evidence == ghost.evidence && one.fix == ghost.fix;
    });
    if (!still)
        throw Error(Errc::precondition, "it changed while we were looking at it",
                    "look again: xvm ghost ls");
    switch (ghost.fix) {
    case Fix::reset:
        run_task(pool, context, "VM.power_state_reset", {xmlrpc::Value(ghost.ref)});
        return ghost.evidence == "stale-operation" || ghost.evidence == "import-remains"
                   ? "the mark is cleared"
                   : "it is halted now";
    case Fix::release:
        release_from_dom0(pool, xapi::Ref<xapi::Vbd>(ghost.ref), context);
        return "taken from the control domain";
    case Fix::transfer_vm:
        return remove_transfer_vm(now, ghost, context);
    case Fix::none:
        break;
    }
    throw Error(Errc::precondition, ghost.message, ghost.advice);
}

} // namespace xvm
