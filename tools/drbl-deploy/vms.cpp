// SPDX-License-Identifier: GPL-3.0-or-later
#include "vms.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/lab/targets.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace drbl_deploy {
namespace {

/// By the references of VMs, asked for once a pool.
struct Hardware {
    std::map<std::string, std::vector<std::string>> macs;
    std::map<std::string, std::map<std::uint64_t, std::uint64_t>> disks; ///< number -> bytes
};

Hardware hardware_of(xapi::Session& session)
{
    Hardware known;
    for (const auto& vif : session.get_all<xapi::Vif>())
        if (const auto mac = drbl::parse_mac(vif.record.MAC))
            known.macs[vif.record.VM.str()].push_back(*mac);
    std::map<std::string, std::uint64_t> sizes;
    for (const auto& vdi : session.get_all<xapi::Vdi>())
        sizes[vdi.ref.str()] =
            static_cast<std::uint64_t>(std::max<std::int64_t>(vdi.record.virtual_size, 0));
    for (const auto& vbd : session.get_all<xapi::Vbd>()) {
        const auto number = text::parse_u64(vbd.record.userdevice);
        if (vbd.record.type == "Disk" && !vbd.record.empty && number)
            known.disks[vbd.record.VM.str()][*number] = sizes[vbd.record.VDI.str()];
    }
    return known;
}

} // namespace

std::vector<VmCards> cards_of_vms(const lab::ConnectOptions& connect, const std::string& glob,
                                  const cli::Context& context)
{
    lab::Pools pools(connect,
                     lab::Words{[&](std::string_view words) { context.note(words); },
                                [&](std::string_view words) { context.detail(words); }},
                     context.stop);
    lab::TargetOptions targets;
    targets.words = {glob};
    std::map<lab::Pool*, Hardware> known;
    std::vector<VmCards> vms;
    for (const lab::VmTarget& vm : lab::resolve_vms(pools, targets)) {
        auto it = known.find(vm.pool);
        if (it == known.end())
            it = known.emplace(vm.pool, hardware_of(vm.pool->session())).first;
        VmCards cards{text::printable(vm.label()), it->second.macs[vm.ref.str()], {}};
        for (const auto& [number, size] : it->second.disks[vm.ref.str()])
            cards.disks.push_back(size);
        vms.push_back(std::move(cards));
    }
    return vms;
}

std::vector<drbl::TargetWord> words_of_vms(const std::vector<VmCards>& vms,
                                           const drbl::Clients& known)
{
    std::vector<drbl::TargetWord> words;
    std::vector<std::string> unknown;
    for (const VmCards& vm : vms) {
        const auto it = std::find_if(vm.macs.begin(), vm.macs.end(), [&](const std::string& mac) {
            return std::any_of(known.list.begin(), known.list.end(),
                               [&](const drbl::Client& client) { return client.mac == mac; });
        });
        if (it == vm.macs.end())
            unknown.push_back(vm.name);
        else
            words.push_back({drbl::TargetWord::Kind::mac, *it});
    }
    if (!unknown.empty())
        throw Error(Errc::not_found,
                    fmt::format("the server knows no network card of {}", fmt::join(unknown, ", ")),
                    "add their MAC addresses to its dhcpd.conf");
    return words;
}

std::vector<drbl::TargetDisk> targets_of_vms(const std::vector<VmCards>& vms,
                                             const std::vector<std::string>& devices,
                                             std::vector<std::string>& missing)
{
    std::vector<drbl::TargetDisk> targets;
    for (const VmCards& vm : vms)
        for (const std::string& device : devices) {
            const auto number = drbl::disk_number(device);
            if (!number)
                continue;
            if (*number < vm.disks.size())
                targets.push_back({vm.name, device, vm.disks[*number]});
            else
                missing.push_back(fmt::format("{} has no {}: it has {} disk{}", vm.name, device,
                                              vm.disks.size(), vm.disks.size() == 1 ? "" : "s"));
        }
    return targets;
}

} // namespace drbl_deploy
