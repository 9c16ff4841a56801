// SPDX-License-Identifier: GPL-3.0-or-later
#include "exfat.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/utf8.hpp>
#include <xenlab/bytes/endian.hpp>

#include <algorithm>
#include <ctime>

namespace xenlab::fs {
namespace {

constexpr std::size_t entry_size = 32;
constexpr std::uint64_t max_directory = std::uint64_t{256} << 20U; // the format's own limit
constexpr unsigned file_entry = 0x85, stream_entry = 0xc0, name_entry = 0xc1;

Error damaged(const char* what)
{
    return {Errc::bad_data, std::string("the exFAT volume is damaged: ") + what};
}

/// Local time of the guest, taken as UTC: 2 s, 5 6 5 bits of time, 7 4 5 of the date from 1980.
Time time_of(std::uint32_t packed)
{
    std::tm parts{};
    parts.tm_sec = static_cast<int>((packed & 0x1fU) * 2);
    parts.tm_min = static_cast<int>(packed >> 5U & 0x3fU);
    parts.tm_hour = static_cast<int>(packed >> 11U & 0x1fU);
    parts.tm_mday = static_cast<int>(packed >> 16U & 0x1fU);
    parts.tm_mon = static_cast<int>(packed >> 21U & 0xfU) - 1;
    parts.tm_year = static_cast<int>(packed >> 25U) + 80;
    return {::timegm(&parts), 0};
}

std::string_view chars(bytes::View data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()}; // NOLINT: char may alias
}

} // namespace

ExFat::ExFat(block::BlockDevice& volume) : volume_(volume)
{
    std::vector<std::byte> boot(512);
    volume_.read(0, boot);
    const unsigned sector_bits = bytes::u8(boot, 108), cluster_bits = bytes::u8(boot, 109);
    if (sector_bits < 9 || sector_bits > 12 || cluster_bits > 25 - sector_bits)
        throw damaged("its sizes cannot be");
    cluster_size_ = std::uint64_t{1} << (sector_bits + cluster_bits);
    fat_ = std::uint64_t{bytes::le32(boot, 80)} << sector_bits;
    const std::uint64_t fat_size = std::uint64_t{bytes::le32(boot, 84)} << sector_bits;
    heap_ = std::uint64_t{bytes::le32(boot, 88)} << sector_bits;
    const std::uint64_t held = fat_size / 4 > 2 ? fat_size / 4 - 2 : 0;
    clusters_ = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(bytes::le32(boot, 92), std::min<std::uint64_t>(held, 0xfffffff5)));
    nodes_[0] = {.directory = true, .cluster = bytes::le32(boot, 96), .size = max_directory};
    nodes_[0].valid = max_directory;
}

const ExFat::Node& ExFat::node_of(NodeId node) const
{
    const auto found = nodes_.find(node);
    if (found == nodes_.end())
        throw damaged("an entry is not where it was");
    return found->second;
}

std::vector<FileRun> ExFat::runs_of(const Node& node)
{
    std::vector<FileRun> runs;
    if (node.size == 0)
        return runs;
    const std::uint64_t needed =
        node.size / cluster_size_ + (node.size % cluster_size_ != 0 ? 1 : 0);
    const auto check = [&](std::uint32_t cluster) {
        if (cluster < 2 || cluster - 2 >= clusters_)
            throw damaged("a file has clusters that are not there");
    };
    check(node.cluster);
    if (node.contiguous) {
        if (needed > clusters_ - (node.cluster - 2))
            throw damaged("a file is longer than the volume");
        return {
            {0, heap_ + std::uint64_t{node.cluster - 2} * cluster_size_, needed * cluster_size_}};
    }
    std::uint32_t cluster = node.cluster;
    for (std::uint64_t i = 0; i < needed; ++i) {
        if (i >= clusters_)
            throw damaged("a chain has no end");
        check(cluster);
        const std::uint64_t at = heap_ + std::uint64_t{cluster - 2} * cluster_size_;
        if (!runs.empty() && runs.back().volume + runs.back().length == at)
            runs.back().length += cluster_size_;
        else
            runs.push_back({i * cluster_size_, at, cluster_size_});
        std::byte link[4];
        volume_.read(fat_ + std::uint64_t{cluster} * 4, link);
        cluster = bytes::le32(link, 0);
        if (cluster >= 0xfffffff8) {
            if (i + 1 < needed && node.size != max_directory)
                throw damaged("a file ends before its size says");
            break;
        }
    }
    return runs;
}

void ExFat::list(NodeId directory, const Visit& visit)
{
    const Node folder = node_of(directory);
    if (!folder.directory || folder.size > max_directory)
        throw damaged("a folder is none");
    const auto runs = runs_of(folder);
    Entry entry;
    Node node;
    unsigned left = 0; // secondary entries of the set that are still to come
    std::size_t name_length = 0;
    std::string units;
    std::vector<std::byte> buffer;
    for (const FileRun& run : runs)
        for (std::uint64_t part = 0; part < run.length; part += cluster_size_) {
            buffer.resize(static_cast<std::size_t>(cluster_size_));
            volume_.read(run.volume + part, buffer);
            for (std::size_t at = 0; at + entry_size <= buffer.size(); at += entry_size) {
                const auto raw = bytes::View(buffer).subspan(at, entry_size);
                const unsigned kind = bytes::u8(raw, 0);
                if (kind == 0)
                    return;
                if (kind == file_entry) {
                    left = bytes::u8(raw, 1);
                    const unsigned attributes = bytes::le16(raw, 4);
                    node = {.directory = (attributes & 0x10U) != 0,
                            .read_only = (attributes & 0x01U) != 0};
                    node.time = bytes::le32(raw, 12);
                    entry = {.node = run.volume + part + at};
                    units.clear();
                    continue;
                }
                if (left == 0)
                    continue;
                if (kind == stream_entry) {
                    node.contiguous = (bytes::u8(raw, 1) & 2U) != 0;
                    name_length = bytes::u8(raw, 3);
                    node.valid = bytes::le64(raw, 8);
                    node.cluster = bytes::le32(raw, 20);
                    node.size = bytes::le64(raw, 24);
                } else if (kind == name_entry) {
                    units += chars(raw.subspan(2, 30));
                }
                if (--left > 0)
                    continue;
                entry.name = text::utf16le_to_utf8(
                    std::string_view(units).substr(0, std::min(name_length * 2, units.size())));
                entry.type = node.directory ? FileType::directory : FileType::regular;
                nodes_[entry.node] = node;
                const bool real = !entry.name.empty() &&
                                  entry.name.find('/') == std::string::npos &&
                                  entry.name.find('\0') == std::string::npos && entry.name != "." &&
                                  entry.name != "..";
                if (real && !visit(entry))
                    return;
            }
        }
}

Metadata ExFat::stat(NodeId id)
{
    const Node& node = node_of(id);
    Metadata data;
    data.type = node.directory ? FileType::directory : FileType::regular;
    data.size = node.directory ? 0 : node.size;
    data.mode = node.directory ? 0755U : node.read_only ? 0444U : 0644U;
    if (id != 0)
        data.modified = time_of(node.time);
    return data;
}

std::unique_ptr<block::BlockDevice> ExFat::open(NodeId id, std::string_view stream)
{
    if (!stream.empty())
        throw Error(Errc::not_found, "exFAT has no alternate data streams");
    const Node& node = node_of(id);
    return std::make_unique<MappedFile>(volume_, runs_of(node), node.directory ? 0 : node.size,
                                        node.valid);
}

std::vector<block::Extent> ExFat::map(NodeId id)
{
    const Node& node = node_of(id);
    return volume_extents(runs_of(node), node.size);
}

} // namespace xenlab::fs
