// SPDX-License-Identifier: GPL-3.0-or-later
#include "vdi_holders.hpp"

#include "rows.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xvm {
namespace {

/// Disks that a control domain attaches for its own purposes (VDI.type).
bool own_of_dom0(const xapi::Vdi& vdi)
{
    constexpr std::array kept{"ha_statefile", "redo_log",  "metadata", "rrd",
                              "pvs_cache",    "crashdump", "suspend"};
    return std::find(kept.begin(), kept.end(), vdi.type) != kept.end();
}

/// A task that may be using disks through a control domain: everything but power operations, which
/// attach disks to the guest.
bool may_transfer(const xapi::Task& task)
{
    if (!task.pending())
        return false;
    constexpr std::array harmless{"VM.start",
                                  "VM.start_on",
                                  "VM.clean_shutdown",
                                  "VM.hard_shutdown",
                                  "VM.clean_reboot",
                                  "VM.hard_reboot",
                                  "VM.pause",
                                  "VM.unpause",
                                  "VM.shutdown",
                                  "VBD.unplug",
                                  "VBD.unplug_force",
                                  "VDI.destroy",
                                  "VM.power_state_reset"};
    std::string_view name = task.name_label;
    if (name.starts_with("Async."))
        name.remove_prefix(6);
    return std::find(harmless.begin(), harmless.end(), name) == harmless.end();
}

} // namespace

bool stale_in_dom0(PoolView& view, const xapi::Vbd& vbd, std::string& why)
{
    const xapi::Vdi* vdi = view.find(vbd.VDI);
    if (vbd.type != "Disk") {
        why = "a drive of the host itself";
        return false;
    }
    if (vdi != nullptr && own_of_dom0(*vdi)) {
        why = fmt::format("the host keeps its {} there", text::printable(vdi->type));
        return false;
    }
    if (!vbd.current_operations.empty()) {
        why = fmt::format("it is being {} right now",
                          text::printable(vbd.current_operations.begin()->second));
        return false;
    }
    for (const auto& task : view.all<xapi::Task>())
        if (may_transfer(task.record)) {
            why = fmt::format("a transfer may be using it: task {} ({:.0f} %)",
                              text::quoted(task.record.name_label),
                              std::max(0.0, task.record.progress) * 100);
            return false;
        }
    why = "left in a control domain by a transfer that was interrupted: no task needs it";
    return true;
}

std::vector<Holder> holders(PoolView& view, const xapi::Object<xapi::Vdi>& vdi)
{
    std::vector<Holder> all;
    for (const auto& ref : vdi.record.VBDs) {
        const xapi::Vbd* vbd = view.find(ref);
        if (vbd == nullptr)
            continue;
        Holder holder{.vbd_ref = ref, .vbd = vbd, .vm = view.find(vbd->VM), .why = {}};
        if (holder.vm == nullptr) {
            holder.why = "the VM is gone";
        } else if (holder.vm->is_control_domain) {
            holder.dom0 = true;
            holder.stale = stale_in_dom0(view, *vbd, holder.why);
        } else if (vbd->currently_attached) {
            holder.why =
                holder.vm->power_state == "Suspended"
                    ? "attached to a suspended VM"
                    : fmt::format("attached to a {} VM", text::to_lower(holder.vm->power_state));
        } else if (holder.vm->is_a_snapshot) {
            holder.why = "belongs to a snapshot";
        } else {
            holder.why = holder.vm->is_a_template ? "belongs to a template"
                                                  : "belongs to a VM, not attached now";
        }
        all.push_back(std::move(holder));
    }
    std::stable_sort(all.begin(), all.end(), [](const Holder& a, const Holder& b) {
        return a.vbd->currently_attached && !b.vbd->currently_attached;
    });
    return all;
}

void release_from_dom0(lab::Pool& pool, const xapi::Ref<xapi::Vbd>& ref,
                       const cli::Context& context)
{
    PoolView now(pool);
    const xapi::Vbd* vbd = now.find(ref);
    if (vbd == nullptr)
        return; // it went by itself
    const xapi::Vm* vm = now.find(vbd->VM);
    std::string why;
    if (vm == nullptr || !vm->is_control_domain || !stale_in_dom0(now, *vbd, why))
        throw Error(Errc::precondition, vm == nullptr || !vm->is_control_domain
                                            ? std::string("it is not a VBD of a control domain")
                                            : why);
    if (vbd->currently_attached) {
        try {
            run_task(pool, context, "VBD.unplug", {value(ref)}, std::chrono::minutes(2));
        } catch (const xapi::Fault& fault) {
            if (fault.is("VBD_NOT_UNPLUGGABLE"))
                pool.session().call("VBD.set_unpluggable", {value(ref), xmlrpc::Value(true)});
            if (!fault.is("DEVICE_ALREADY_DETACHED"))
                run_task(pool, context, "VBD.unplug_force", {value(ref)}, std::chrono::minutes(2));
        }
    }
    pool.session().call("VBD.destroy", {value(ref)});
}

} // namespace xvm
