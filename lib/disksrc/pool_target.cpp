// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_target.hpp"

#include "pool_undo.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>
#include <xenlab/lab/targets.hpp>

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace xenlab::disksrc {
namespace {

constexpr std::chrono::seconds time_to_let_go{20};
constexpr std::chrono::milliseconds between_looks{100};

/// The VM that a disk is plugged into, unless that is a control domain, or both have just gone.
std::optional<xapi::Object<xapi::Vm>> guest_of(xapi::Session& session,
                                               const xapi::Ref<xapi::Vbd>& vbd)
{
    try {
        const auto ref = session.get_record(vbd).VM;
        xapi::Vm vm = session.get_record(ref);
        if (vm.is_control_domain)
            return std::nullopt;
        return xapi::Object<xapi::Vm>{ref, std::move(vm)};
    } catch (const xapi::Fault& fault) {
        if (!fault.is("HANDLE_INVALID"))
            throw;
        return std::nullopt;
    }
}

bool is_held_by_transfers(const Target& target)
{
    xapi::Session& session = target.pool->session();
    for (const NamedDisk& disk : target.disks)
        for (const auto& vbd : session.get_record(disk.vdi.ref).VBDs)
            if (!guest_of(session, vbd))
                return true;
    return false;
}

} // namespace

Target find_target(lab::Pools& pools, const std::string& name)
{
    Target target;
    const std::string words = name.substr(name.find(':') + 1);
    if (name.starts_with("vm:")) {
        const VmWords split = split_vm_words(words);
        const lab::VmTarget vm = lab::resolve_vm(pools, split.vm);
        target.pool = vm.pool;
        target.vm = xapi::Object<xapi::Vm>{vm.ref, vm.record};
        target.disks = choose_device(disks_of_vm(vm.pool->session(), vm.record), split.device);
        return target;
    }
    if (!name.starts_with("vdi:"))
        throw Error(Errc::precondition, "a snapshot cannot be changed",
                    "write a changed copy with -o");
    target.pool = &pools.single();
    xapi::Session& session = target.pool->session();
    const auto ref = session.get_by_uuid<xapi::Vdi>(words);
    const xapi::Vdi vdi = session.get_record(ref);
    for (const auto& vbd : vdi.VBDs)
        if (auto vm = guest_of(session, vbd); vm && !target.vm)
            target.vm = std::move(vm);
    target.disks.push_back({"", 0, {ref, vdi}});
    return target;
}

void check_target(const Target& target)
{
    xapi::Session& session = target.pool->session();
    if (target.vm && session.get_record(target.vm->ref).power_state != "Halted")
        throw Error(Errc::precondition,
                    fmt::format("{} is not halted", text::quoted(target.vm->record.name_label)),
                    "a running guest would not see the changes, and overwrite them");
    for (const NamedDisk& disk : target.disks) {
        const xapi::Vdi vdi = session.get_record(disk.vdi.ref);
        const std::string name = text::quoted(vdi.name_label);
        if (vdi.is_a_snapshot || vdi.read_only)
            throw Error(Errc::precondition, fmt::format("the disk {} is read-only", name));
        if (vdi.VBDs.size() > 1)
            throw Error(Errc::precondition, fmt::format("the disk {} is used elsewhere, too", name),
                        "xvm vdi who shows by whom");
        for (const auto& ref : vdi.VBDs)
            if (session.get_record(ref).currently_attached)
                throw Error(Errc::precondition, fmt::format("the disk {} is attached", name),
                            "xvm vdi who shows by whom");
        if (std::filesystem::exists(pool_undo_path(vdi.uuid)))
            throw Error(Errc::precondition, "an earlier edit was cut off",
                        "roll it back first: xva-disk --undo");
    }
}

void wait_for_transfers(const Target& target)
{
    const auto until = std::chrono::steady_clock::now() + time_to_let_go;
    while (is_held_by_transfers(target) && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(between_looks);
}

Hold::Hold(const Target& target) : session_(target.pool->session())
{
    if (!target.vm)
        return;
    vm_ = target.vm->ref;
    try {
        for (const char* operation : {"start", "start_on", "resume", "resume_on"}) {
            if (target.vm->record.blocked_operations.contains(operation))
                continue; // by somebody else, and not ours to release
            session_.call("VM.add_to_blocked_operations",
                          {xapi::Session::value(vm_), xmlrpc::Value(operation),
                           xmlrpc::Value(lab::own_mark().reason("its disk is being written"))});
            held_.emplace_back(operation);
        }
    } catch (const Error&) {
        release();
        throw;
    }
}

void Hold::release() noexcept
{
    for (const std::string& operation : held_)
        session_.clean_up("VM.remove_from_blocked_operations",
                          {xapi::Session::value(vm_), xmlrpc::Value(operation)});
    held_.clear();
}

} // namespace xenlab::disksrc
