// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/lab/mark.hpp>
#include <xenlab/transfer/temporary_snapshot.hpp>

#include <algorithm>

namespace xenlab::transfer {
namespace {

constexpr std::chrono::minutes time_to_destroy{10};

} // namespace

TemporarySnapshot::TemporarySnapshot(lab::Pool& pool, const xapi::Object<xapi::Vm>& vm,
                                     transport::TimePoint deadline)
    : pool_(pool)
{
    xapi::Session& session = pool.session();
    try {
        const auto made = pool.tasks().run(
            "VM.snapshot", {xapi::Session::value(vm.ref), xmlrpc::Value(vm.record.name_label)},
            deadline);
        if (made.end != xapi::TaskOutcome::End::success)
            find_stray(vm);
        ref_ = xapi::Ref<xapi::Vm>(made.value().as_scalar().value_or(""));
        session.call("VM.set_is_a_template", {xapi::Session::value(ref_), xmlrpc::Value(false)});
        record_ = session.get_record(ref_);
        for (const auto& vbd_ref : record_.VBDs) {
            const xapi::Vbd vbd = session.get_record(vbd_ref);
            if (vbd.type == "Disk" && vbd.VDI)
                disks_.push_back(vbd.VDI);
        }
        if (record_.suspend_VDI)
            disks_.push_back(record_.suspend_VDI);
    } catch (const Error&) {
        clean_up();
        throw;
    }
}

/// Given up while the server was at it, it may have been made nevertheless.
void TemporarySnapshot::find_stray(const xapi::Object<xapi::Vm>& vm)
{
    xapi::Session& session = pool_.session();
    const auto now = session.clean_up("VM.get_snapshots", {xapi::Session::value(vm.ref)});
    const xmlrpc::Array* all = now ? now->if_array() : nullptr;
    for (std::size_t i = 0; all != nullptr && i < all->size(); ++i) {
        const xapi::Ref<xapi::Vm> ref((*all)[i].as_scalar().value_or(""));
        const auto& old = vm.record.snapshots;
        if (std::find(old.begin(), old.end(), ref) == old.end() &&
            session.clean_up("VM.get_name_label", {xapi::Session::value(ref)}) ==
                xmlrpc::Value(vm.record.name_label))
            ref_ = ref;
    }
}

TemporarySnapshot::~TemporarySnapshot()
{
    clean_up();
}

void TemporarySnapshot::mark()
{
    pool_.session().call("VM.add_to_other_config",
                         {xapi::Session::value(ref_), xmlrpc::Value(std::string(lab::mark_key)),
                          xmlrpc::Value(lab::own_mark().text())});
}

void TemporarySnapshot::remove()
{
    const auto run = [&](std::string_view method, xmlrpc::Value object) {
        pool_.tasks()
            .run(method, {std::move(object)}, transport::deadline_in(time_to_destroy))
            .value();
    };
    run("VM.destroy", xapi::Session::value(ref_));
    ref_ = {};
    for (const auto& disk : disks_) // VM.destroy leaves them
        run("VDI.destroy", xapi::Session::value(disk));
}

void TemporarySnapshot::clean_up() noexcept
{
    if (!ref_)
        return;
    xapi::Session& session = pool_.session();
    session.clean_up("VM.destroy", {xapi::Session::value(ref_)});
    for (const auto& disk : disks_)
        session.clean_up("VDI.destroy", {xapi::Session::value(disk)});
}

} // namespace xenlab::transfer
