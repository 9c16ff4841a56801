// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/guest/volumes.hpp>
#include <xenlab/partition/lvm.hpp>
#include <xenlab/partition/scan.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xenlab::guest {
namespace {

constexpr std::string_view use_guestfish =
    "serve the disks with xva-disk --nbd and read them with guestfish";

/// The Logical Disk Manager's partitions: on an MBR, and two kinds on a GPT.
bool is_dynamic(const partition::Partition& p)
{
    return p.type == "0x42" || p.type == "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3" ||
           p.type == "AF9B60A0-1431-4F62-BC68-3311714A69AD";
}

void attach(Volume& volume, std::vector<block::Segment> segments)
{
    volume.device = std::make_unique<block::MappedDevice>(std::move(segments));
    volume.cache = std::make_unique<block::ReadCache>(*volume.device);
    volume.size = volume.device->size();
}

Volume partition_volume(const Disk& disk, std::size_t number, const partition::Partition& p)
{
    Volume volume{.name = fmt::format("d{}p{}", number, p.number), .disk = number};
    volume.disk_ref = disk.ref;
    volume.content = p.content;
    volume.partition = p.number;
    volume.part_uuid = p.uuid;
    volume.part_name = p.name;
    volume.start = p.start * partition::sector_size;
    const std::uint64_t end = disk.device->size();
    const std::uint64_t length = p.sectors * partition::sector_size;
    if (is_dynamic(p)) {
        volume.unusable = "it belongs to a Windows dynamic disk";
        volume.way_out = use_guestfish;
    }
    if (volume.start >= end)
        volume.unusable = "it lies behind the end of the disk";
    if (!volume.unusable.empty())
        return volume;
    attach(volume, {{disk.device, volume.start, std::min(length, end - volume.start)}});
    volume.size = length;
    return volume;
}

void add_disk(std::vector<Volume>& volumes, const Disk& disk, std::size_t number, const Words& warn)
{
    const partition::Table table = partition::scan(*disk.device);
    for (const std::string& words : table.warnings)
        warn(disk.ref.empty() ? words : fmt::format("{}: {}", text::printable(disk.ref), words));
    if (table.label == partition::Label::none) {
        Volume volume{.name = fmt::format("d{}", number), .disk = number};
        volume.disk_ref = disk.ref;
        volume.content = table.whole;
        attach(volume, {{disk.device, 0, disk.device->size()}});
        volumes.push_back(std::move(volume));
    }
    for (const partition::Partition& p : table.partitions)
        if (!p.extended && p.sectors > 0)
            volumes.push_back(partition_volume(disk, number, p));
}

void add_logical_volumes(std::vector<Volume>& volumes, const Words& warn)
{
    std::vector<block::BlockDevice*> physical;
    std::vector<std::size_t> owners;
    for (std::size_t i = 0; i < volumes.size(); ++i)
        if (volumes[i].content.fs == "lvm2" && volumes[i].device) {
            physical.push_back(volumes[i].device.get());
            owners.push_back(i);
        }
    if (physical.empty())
        return;
    for (partition::LogicalVolume& logical : partition::read_lvm(physical, warn)) {
        const Volume& owner = volumes[owners.at(logical.first_pv)];
        Volume volume;
        volume.name = logical.group + "/" + logical.name;
        volume.disk = owner.disk;
        volume.disk_ref = owner.disk_ref;
        volume.unusable = logical.unusable;
        if (volume.unusable.ends_with("not among the disks"))
            volume.way_out = "name a source that has all disks of the guest, and leave out --disk";
        else if (!volume.unusable.empty())
            volume.way_out = use_guestfish;
        volume.size = logical.size;
        if (volume.unusable.empty()) {
            attach(volume, std::move(logical.segments));
            const partition::Table table = partition::scan(*volume.device);
            volume.content = table.whole;
        }
        volumes.push_back(std::move(volume));
    }
}

/// "d0p2" becomes "p2" where no other disk has one.
void shorten_names(std::vector<Volume>& volumes)
{
    for (Volume& volume : volumes) {
        if (volume.name.find('/') != std::string::npos)
            continue;
        const auto alike = std::count_if(volumes.begin(), volumes.end(), [&](const Volume& v) {
            return v.partition == volume.partition && v.name.find('/') == std::string::npos;
        });
        if (alike == 1)
            volume.name = volume.partition == 0 ? "disk" : fmt::format("p{}", volume.partition);
    }
}

} // namespace

std::vector<Volume> find_volumes(const std::vector<Disk>& disks, const Words& warn)
{
    std::vector<Volume> volumes;
    for (std::size_t i = 0; i < disks.size(); ++i)
        add_disk(volumes, disks[i], i, warn);
    add_logical_volumes(volumes, warn);
    shorten_names(volumes);
    return volumes;
}

} // namespace xenlab::guest
