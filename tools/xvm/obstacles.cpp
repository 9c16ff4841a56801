// SPDX-License-Identifier: GPL-3.0-or-later
#include "obstacles.hpp"

#include "vdi_holders.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {
namespace {

constexpr std::int64_t almost_full = 1LL << 30U; // bytes left in an SR

/// The program behind a task, by the names that programs give their tasks. XAPI does not say whose
/// session a task belongs to.
std::string_view program_of(const xapi::Task& task)
{
    if (task.name_label.starts_with("[XO]"))
        return "Xen Orchestra";
    if (task.name_label.starts_with("xenlab"))
        return "xenlab";
    return task.name_label.starts_with("Async.") ? "a client of XAPI" : "the toolstack or xe";
}

void add_operations(PoolView& view, const xapi::Operations& operations, std::string_view whose,
                    std::vector<Obstacle>& found)
{
    for (const auto& [ref, operation] : operations) {
        const xapi::Task* task = view.find(xapi::Ref<xapi::Task>(ref));
        const std::string name = text::printable(operation);
        if (task == nullptr)
            found.push_back(
                {.kind = "stale-operation",
                 .message = fmt::format("{} is marked as being in \"{}\", but the task of "
                                        "that is gone: the mark was left behind",
                                        whose, name),
                 .hint = "xvm ghost fix clears it; so does restarting the toolstack"});
        else if (!task->pending())
            found.push_back({.kind = "operation",
                             .message = fmt::format("{} is at the end of \"{}\"", whose, name),
                             .hint = "wait a moment",
                             .task = task->uuid});
        else
            found.push_back({.kind = "operation",
                             .message = fmt::format("\"{}\" of {} is going on: {}", name, whose,
                                                    describe_task(view, *task)),
                             .hint = "wait for it, or xvm task cancel " + task->uuid,
                             .task = task->uuid});
    }
}

void add_blocks(const xapi::Vm& vm, std::vector<Obstacle>& found)
{
    for (const auto& [operation, reason] : vm.blocked_operations) {
        const auto mark = lab::parse_mark(reason);
        std::string message =
            fmt::format("{} is blocked: {}", text::printable(operation), text::quoted(reason));
        std::string hint = "whoever blocked it unblocks it; by hand: xvm api "
                           "VM.remove_from_blocked_operations " +
                           vm.uuid + " " + text::printable(operation);
        if (mark) {
            const lab::Alive state = lab::alive(*mark);
            message += state == lab::Alive::yes ? fmt::format(" ({} is running here)", mark->tool)
                       : state == lab::Alive::no
                           ? fmt::format(" ({} died)", mark->tool)
                           : fmt::format(" ({} on {})", mark->tool, mark->machine);
            hint = state == lab::Alive::yes ? "wait for it" : "xvm reap takes it away";
        }
        found.push_back(
            {.kind = "blocked", .message = std::move(message), .hint = std::move(hint)});
    }
}

void add_sr(PoolView& view, const xapi::Ref<xapi::Sr>& ref, const xapi::Vm* vm, bool for_cd,
            std::vector<Obstacle>& found)
{
    const xapi::Sr* sr = view.find(ref);
    if (sr == nullptr)
        return;
    const std::string name = text::quoted(sr->name_label);
    std::vector<std::string> without;
    std::size_t with = 0;
    for (const auto& pbd_ref : sr->PBDs)
        if (const xapi::Pbd* pbd = view.find(pbd_ref)) {
            if (pbd->currently_attached)
                ++with;
            else if (vm == nullptr || vm->resident_on.null() || vm->resident_on == pbd->host)
                without.push_back(text::printable(view.name(pbd->host)));
        }
    if (sr->PBDs.empty() || with == 0)
        found.push_back({.kind = "missing-pbd",
                         .message = fmt::format("the SR {} is attached to no host", name),
                         .hint = for_cd
                                     ? "eject the CD, or attach the SR again"
                                     : "attach it: the storage or the network to it may be down"});
    else if (!without.empty())
        found.push_back({.kind = "missing-pbd",
                         .message = fmt::format("the SR {} is not attached to {}", name,
                                                fmt::join(without, ", ")),
                         .hint = "the VM cannot run there until it is"});
    if (!for_cd && sr->physical_size > 0 &&
        sr->physical_size - sr->physical_utilisation < almost_full)
        found.push_back(
            {.kind = "full-sr",
             .message =
                 fmt::format("the SR {} is full: {} of {} are used", name,
                             text::human_size(static_cast<std::uint64_t>(
                                 std::max<std::int64_t>(0, sr->physical_utilisation))),
                             text::human_size(static_cast<std::uint64_t>(sr->physical_size))),
             .hint =
                 "snapshots and growing disks fail; xvm vdi orphans and xvm sr chains show what "
                 "could be freed"});
}

/// Keys that the storage manager keeps while a host has the image open (sm: blktap2.py).
void add_locks(PoolView& view, const xapi::Vdi& vdi, std::vector<Obstacle>& found)
{
    const std::string name = text::quoted(vdi.name_label);
    const bool attached = std::any_of(vdi.VBDs.begin(), vdi.VBDs.end(), [&](const auto& ref) {
        const xapi::Vbd* vbd = view.find(ref);
        return vbd != nullptr && vbd->currently_attached;
    });
    for (const auto& [key, how] : vdi.sm_config)
        if (key.starts_with("host_") && !attached)
            found.push_back(
                {.kind = "storage-lock",
                 .message = fmt::format("the storage manager thinks that {} has {} open ({})",
                                        text::printable(view.name(xapi::Ref<xapi::Host>(
                                            key.substr(std::string_view("host_").size())))),
                                        name, text::printable(how)),
                 .hint = "after a crash of that host: /opt/xensource/sm/resetvdis.py single " +
                         vdi.uuid});
        else if (key == "paused" || key == "relinking" || key == "activating")
            found.push_back(
                {.kind = "storage-lock",
                 .message = fmt::format("the storage manager is working on {} ({})", name, key),
                 .hint = "wait for it; /var/log/SMlog on the host says more"});
}

void add_disk(PoolView& view, const xapi::Object<xapi::Vdi>& vdi, const xapi::Vm* vm,
              std::vector<Obstacle>& found)
{
    const std::string name = fmt::format("the disk {}", text::quoted(vdi.record.name_label));
    if (vdi.record.missing)
        found.push_back({.kind = "missing-disk",
                         .message = name + " was not found by the last scan of its SR",
                         .hint = "xvm sr scan; if it stays away the file or volume is lost"});
    add_operations(view, vdi.record.current_operations, name, found);
    add_locks(view, vdi.record, found);
    for (const Holder& holder : holders(view, vdi)) {
        if (holder.dom0)
            found.push_back(
                {.kind = "control-domain",
                 .message = fmt::format("{} is in {}: {}", name,
                                        holder.vm == nullptr ? std::string("a control domain")
                                                             : text::quoted(holder.vm->name_label),
                                        holder.why),
                 .hint = holder.stale ? "xvm vdi release " + vdi.record.uuid
                                      : std::string("wait for it")});
        else if (holder.vbd->currently_attached && holder.vm != nullptr && holder.vm != vm &&
                 !vdi.record.sharable)
            found.push_back({.kind = "in-use",
                             .message = fmt::format("{} is attached to {} ({})", name,
                                                    text::quoted(holder.vm->name_label),
                                                    text::to_lower(holder.vm->power_state)),
                             .hint = "halt that VM, or take the disk from it"});
    }
}

const xapi::Object<xapi::Vdi>* object(PoolView& view, const xapi::Ref<xapi::Vdi>& ref)
{
    if (view.find(ref) == nullptr)
        return nullptr;
    for (const auto& vdi : view.all<xapi::Vdi>())
        if (vdi.ref == ref)
            return &vdi;
    return nullptr;
}

/// A CD drive of a running VM that is full but cannot be ejected.
void add_tray(const xapi::Vbd& vbd, const xapi::Vm& vm, const xapi::Vdi* vdi,
              std::vector<Obstacle>& found)
{
    const auto& allowed = vbd.allowed_operations;
    if (vm.power_state == "Running" && vbd.currently_attached && vbd.current_operations.empty() &&
        std::find(allowed.begin(), allowed.end(), "eject") == allowed.end())
        found.push_back({.kind = "locked-tray",
                         .message = fmt::format(
                             "{} cannot be ejected from the drive {} now: the guest "
                             "has locked the tray",
                             vdi == nullptr ? std::string("the CD") : text::quoted(vdi->name_label),
                             vbd.userdevice),
                         .hint = "eject it in the guest, or xvm reset"});
}

void add_host(PoolView& view, const xapi::Vm& vm, std::vector<Obstacle>& found)
{
    if (vm.power_state == "Halted") {
        const auto& hosts = view.all<xapi::Host>();
        if (std::none_of(hosts.begin(), hosts.end(),
                         [](const auto& host) { return host.record.enabled; }))
            found.push_back({.kind = "no-host",
                             .message = "no host of the pool is enabled",
                             .hint = "xvm host enable"});
    } else if (vm.resident_on.null() && vm.power_state != "Suspended") {
        found.push_back({.kind = "no-domain",
                         .message = fmt::format("it counts as {}, but is on no host",
                                                text::to_lower(vm.power_state)),
                         .hint = "xvm ghost fix"});
    }
}

} // namespace

std::string describe_task(PoolView& view, const xapi::Task& task)
{
    const std::string age = age_of(task.created);
    return fmt::format("task {}{}, {:.0f} %, run by {} on {}", text::quoted(task.name_label),
                       age.empty() ? "" : ", begun " + age + " ago",
                       std::max(0.0, task.progress) * 100, program_of(task),
                       text::printable(view.name(task.resident_on)));
}

std::vector<Obstacle> obstacles_of(PoolView& view, const xapi::Ref<xapi::Vm>& /*ref*/,
                                   const xapi::Vm& vm)
{
    std::vector<Obstacle> found;
    add_operations(view, vm.current_operations, "the VM", found);
    add_blocks(vm, found);
    add_host(view, vm, found);
    std::vector<xapi::Ref<xapi::Sr>> seen;
    for (const auto& ref : vm.VBDs) {
        const xapi::Vbd* vbd = view.find(ref);
        if (vbd == nullptr || vbd->empty)
            continue;
        add_operations(view, vbd->current_operations, fmt::format("the drive {}", vbd->userdevice),
                       found);
        const auto* vdi = object(view, vbd->VDI);
        const bool cd = vbd->type == "CD";
        if (cd)
            add_tray(*vbd, vm, vdi == nullptr ? nullptr : &vdi->record, found);
        if (vdi == nullptr) {
            found.push_back(
                {.kind = "missing-disk",
                 .message = fmt::format("what is at {} does not exist any more", vbd->userdevice),
                 .hint = cd ? "eject it: xvm iso eject" : "xvm disk rm takes it away"});
            continue;
        }
        const xapi::Vm* self = view.find(vbd->VM);
        if (!cd)
            add_disk(view, *vdi, self, found);
        else if (vdi->record.missing)
            found.push_back({.kind = "missing-disk",
                             .message = fmt::format("the ISO {} is not in its SR any more",
                                                    text::quoted(vdi->record.name_label)),
                             .hint = "eject it: xvm iso eject"});
        if (std::find(seen.begin(), seen.end(), vdi->record.SR) == seen.end()) {
            seen.push_back(vdi->record.SR);
            add_sr(view, vdi->record.SR, &vm, cd, found);
        }
    }
    return found;
}

std::vector<Obstacle> obstacles_of(PoolView& view, const xapi::Object<xapi::Vdi>& vdi)
{
    std::vector<Obstacle> found;
    add_disk(view, vdi, nullptr, found);
    add_sr(view, vdi.record.SR, nullptr, false, found);
    return found;
}

} // namespace xvm
