// SPDX-License-Identifier: GPL-3.0-or-later
#include "snapshots.hpp"

#include "vm_disks.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {

std::vector<xapi::Object<xapi::Vm>> snapshots_of(lab::Pool& pool, const xapi::Vm& vm)
{
    std::vector<xapi::Object<xapi::Vm>> all;
    for (const auto& ref : vm.snapshots) {
        try {
            all.push_back({ref, pool.session().get_record(ref)});
        } catch (const xapi::Fault& fault) {
            if (!fault.is("HANDLE_INVALID")) // gone meanwhile
                throw;
        }
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return std::tie(a.record.snapshot_time, a.record.uuid) <
               std::tie(b.record.snapshot_time, b.record.uuid);
    });
    return all;
}

const xapi::Object<xapi::Vm>& pick_snapshot(const std::vector<xapi::Object<xapi::Vm>>& snapshots,
                                            const std::string& word)
{
    if (snapshots.empty())
        throw Error(Errc::not_found, "has no snapshot");
    if (word.empty()) {
        // Times are whole seconds: of two in one second, the younger hangs below the older.
        const auto* newest = &snapshots.back();
        for (const auto& snapshot : snapshots)
            if (snapshot.record.parent == newest->ref)
                newest = &snapshot;
        return *newest;
    }
    const xapi::Object<xapi::Vm>* found = nullptr;
    std::vector<std::string> names;
    for (const auto& snapshot : snapshots) {
        names.push_back(snapshot.record.name_label);
        if (snapshot.record.name_label != word && snapshot.record.uuid != word)
            continue;
        if (found != nullptr)
            throw Error(Errc::ambiguous,
                        fmt::format("has several snapshots {}: {}, {}", text::quoted(word),
                                    found->record.uuid, snapshot.record.uuid),
                        "use the uuid, or --latest");
        found = &snapshot;
    }
    if (found != nullptr)
        return *found;
    const auto near = text::nearest(word, names);
    throw Error(Errc::not_found, fmt::format("has no snapshot {}", text::quoted(word)),
                near ? fmt::format("did you mean {}?", text::printable(*near))
                     : "xvm snap ls shows those it has");
}

void destroy_snapshot(Job& job, const xapi::Object<xapi::Vm>& snapshot)
{
    const auto disks = own_disks(*job.vm.pool, snapshot.ref, snapshot.record);
    job.run("VM.destroy", {xapi::Session::value(snapshot.ref)});
    for (const auto& disk : disks)
        job.run("VDI.destroy", {xapi::Session::value(disk)});
    if (snapshot.record.suspend_VDI) // of a checkpoint
        job.run("VDI.destroy", {xapi::Session::value(snapshot.record.suspend_VDI)});
}

} // namespace xvm
