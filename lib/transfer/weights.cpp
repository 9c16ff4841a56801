// SPDX-License-Identifier: GPL-3.0-or-later
#include "weights.hpp"

#include <algorithm>

namespace xenlab::transfer {
namespace {

constexpr int longest_chain = 32; // SMs allow 30

/// What a disk takes, with what it shares with others: a snapshot's own node is nearly empty, the
/// data is in its parents.
std::uint64_t used_by(xapi::Session& session, xapi::Vdi vdi)
{
    std::int64_t sum = vdi.physical_utilisation;
    for (int depth = 0; depth < longest_chain && sum < vdi.virtual_size; ++depth) {
        const auto parent = vdi.sm_config.find("vhd-parent");
        if (parent == vdi.sm_config.end())
            break;
        try {
            vdi = session.get_record(session.get_by_uuid<xapi::Vdi>(parent->second));
        } catch (const xapi::Fault&) {
            break;
        }
        sum += vdi.physical_utilisation;
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

} // namespace

Weights::Weights(xapi::Session& session, const xapi::Vm& vm)
{
    for (const auto& ref : vm.VBDs) {
        const xapi::Vbd vbd = session.get_record(ref);
        if (vbd.type == "CD" || !vbd.VDI)
            continue;
        const xapi::Vdi vdi = session.get_record(vbd.VDI);
        used_[vdi.uuid] = used_by(session, vdi);
    }
}

void Weights::set_disks(const std::vector<xva::Disk>& disks)
{
    static constexpr std::uint64_t least = 1U << 20U; // its first chunk always comes
    for (const xva::Disk& disk : disks) {
        const auto found = used_.find(disk.uuid);
        // An SR that does not say: the disk counts as if it were full.
        const std::uint64_t used =
            found == used_.end() || found->second == 0 ? disk.virtual_size : found->second;
        shares_.push_back(
            {disk.virtual_size, std::clamp(used, least, std::max(least, disk.virtual_size))});
        total_ += shares_.back().weight;
    }
}

std::uint64_t Weights::done(std::uint64_t position) const noexcept
{
    std::uint64_t sum = 0;
    for (const Share& share : shares_) {
        if (position < share.size) {
            const double part = static_cast<double>(position) / static_cast<double>(share.size);
            return sum + static_cast<std::uint64_t>(part * static_cast<double>(share.weight));
        }
        position -= share.size;
        sum += share.weight;
    }
    return sum;
}

} // namespace xenlab::transfer
