// SPDX-License-Identifier: GPL-3.0-or-later
// Whether an image and a job go together.
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/image.hpp>
#include <xenlab/drbl/names.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace xenlab::drbl {
namespace {

std::vector<std::string> names(const std::vector<ImageDisk>& disks)
{
    std::vector<std::string> all;
    for (const ImageDisk& disk : disks)
        all.push_back(text::printable(disk.name));
    return all;
}

void judge_disks(const Image& image, const Job& job, Fitness& fitness)
{
    if (image.kind == Image::Kind::parts) {
        fitness.blockers.emplace_back("the image holds partitions and no whole disk: use --parts");
        return;
    }
    for (const std::string& device : job.devices) {
        if (device == "1st-disk")
            continue;
        const bool there = std::any_of(image.disks.begin(), image.disks.end(),
                                       [&](const ImageDisk& disk) { return disk.name == device; });
        if (!there && image.disks.size() == 1 && job.devices.size() == 1)
            fitness.warnings.push_back(
                fmt::format("the image was saved from {}; DRBL renames it for {} on each client",
                            text::printable(image.disks[0].name), device));
        else if (!there)
            fitness.blockers.push_back(fmt::format("the image has no {}: it has {}", device,
                                                   fmt::join(names(image.disks), ", ")));
    }
}

void judge_partitions(const Image& image, const Job& job, Fitness& fitness)
{
    for (const std::string& device : job.devices)
        if (std::none_of(image.partitions.begin(), image.partitions.end(),
                         [&](const ImagePartition& part) { return part.name == device; }))
            fitness.blockers.push_back(fmt::format("the image has no {}", device));
}

/// The disk of the image that is meant for a disk of the clients: the one of that name, or the only
/// one, which DRBL renames.
const ImageDisk* source_of(const std::string& device, const Image& image)
{
    for (const ImageDisk& disk : image.disks)
        if (disk.name == device)
            return &disk;
    return image.disks.size() == 1 || device == "1st-disk" ? &image.disks[0] : nullptr;
}

void judge_size(const ImageDisk& disk, const TargetDisk& target, const Job& job, Fitness& fitness)
{
    const std::string which =
        target.client.empty() ? "the disk" : fmt::format("{} of {}", target.disk, target.client);
    const std::uint64_t least = disk.needed != 0 ? disk.needed : disk.size;
    if (least > target.size)
        fitness.blockers.push_back(fmt::format("{} is too small: {} for partitions that end at {}",
                                               which, text::human_size(target.size),
                                               text::human_size(least)));
    else if (disk.size != 0 && target.size > disk.size && job.layout == Layout::as_saved)
        fitness.warnings.push_back(
            fmt::format("{} of {} stay unused; --layout proportional would fill it",
                        text::human_size(target.size - disk.size), which));
}

} // namespace

Fitness judge(const Image& image, const Job& job, const std::vector<TargetDisk>& targets)
{
    Fitness fitness;
    fitness.blockers = image.problems;
    if (image.kind == Image::Kind::unknown || image.kind == Image::Kind::pseudo)
        return fitness;
    if (job.scope == Scope::disks)
        judge_disks(image, job, fitness);
    else
        judge_partitions(image, job, fitness);
    if (job.scope == Scope::disks && !image.disks.empty())
        for (const TargetDisk& target : targets)
            if (const ImageDisk* disk = source_of(target.disk, image))
                judge_size(*disk, target, job, fitness);
    for (const ImagePartition& part : image.partitions)
        if (job.action == Action::multicast && part.compression == "uncomp")
            fitness.blockers.push_back(
                fmt::format("{} is stored uncompressed, which cannot be multicast",
                            text::printable(part.name)));
    if (job.checksums && !image.checksums)
        fitness.blockers.emplace_back("it has no checksums to check");
    return fitness;
}

} // namespace xenlab::drbl
