// SPDX-License-Identifier: GPL-3.0-or-later
#include "fat.hpp"

#include "fat_entry.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::fs {
namespace {

constexpr std::uint32_t max_directory = 2U << 20U; // 65536 entries

std::string utf8_of(const std::u16string& units)
{
    std::string raw;
    for (const char16_t unit : units.substr(0, units.find(u'\0'))) {
        raw += static_cast<char>(unit & 0xffU);
        raw += static_cast<char>(unit >> 8U);
    }
    return text::utf16le_to_utf8(raw);
}

/// Long entries stand before their 8.3 entry, the last part first.
class LongName {
  public:
    void add(bytes::View entry, std::uint64_t at)
    {
        const unsigned order = bytes::u8(entry, 0);
        if ((order & 0x40U) != 0) {
            clear();
            expected_ = order & 0x3fU;
            sum_ = bytes::u8(entry, 13);
        }
        if (expected_ == 0 || (order & 0x3fU) != expected_ || bytes::u8(entry, 13) != sum_)
            return clear();
        --expected_;
        units_ = units_of(entry) + units_;
        slots_.push_back(at);
    }
    void clear()
    {
        expected_ = 0;
        units_.clear();
        slots_.clear();
    }
    /// The name if it is complete and belongs to this 8.3 name.
    [[nodiscard]] std::string take(const ShortName& name) const
    {
        return expected_ == 0 && !units_.empty() && checksum_of(name) == sum_ ? utf8_of(units_)
                                                                              : std::string();
    }
    [[nodiscard]] const std::vector<std::uint64_t>& slots() const { return slots_; }

  private:
    std::u16string units_;
    std::vector<std::uint64_t> slots_;
    unsigned expected_ = 0;
    unsigned sum_ = 0;
};

} // namespace

Fat::Fat(block::BlockDevice& volume, const OpenOptions& options)
    : volume_(volume), writing_(options.access != Access::read)
{
    if (!writing_)
        return;
    if (const std::string dirt = volume_.dirt(); !dirt.empty())
        throw Error(Errc::precondition, dirt, "let the guest check it first");
    const std::uint64_t clusters = volume_.clusters();
    if (clusters > 0 && volume_.place(2) + clusters * volume_.cluster_size() > volume.size())
        throw Error(Errc::bad_data,
                    "the FAT filesystem is larger than its volume: the disk was cut short");
}

std::vector<std::byte> Fat::entry_at(NodeId node)
{
    std::vector<std::byte> entry(fat::entry_size);
    volume_.device().read(node, entry);
    return entry;
}

std::uint32_t Fat::first_cluster(NodeId node)
{
    if (node == 0)
        return volume_.root_cluster();
    return fat::cluster_of(entry_at(node), volume_.bits());
}

std::vector<FileRun> Fat::runs_of_directory(NodeId directory)
{
    const std::uint32_t cluster = first_cluster(directory);
    if (cluster == 0) {
        const block::Extent area = volume_.root_area();
        return {{0, area.offset, area.length}};
    }
    return volume_.runs(cluster,
                        std::max<std::uint32_t>(max_directory / volume_.cluster_size(), 1));
}

void Fat::walk(NodeId directory, const VisitItem& visit)
{
    if (directory != 0 && (fat::attributes_of(entry_at(directory)) & fat::directory) == 0)
        throw Error(Errc::bad_data, "a folder of the FAT volume is none");
    LongName long_name;
    std::vector<std::byte> buffer;
    for (const FileRun& run : runs_of_directory(directory)) {
        buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(run.length, max_directory)));
        volume_.device().read(run.volume, buffer);
        for (std::size_t at = 0; at + fat::entry_size <= buffer.size(); at += fat::entry_size) {
            const auto entry = bytes::View(buffer).subspan(at, fat::entry_size);
            const unsigned first = bytes::u8(entry, 0), attributes = fat::attributes_of(entry);
            if (first == 0)
                return;
            if (first == fat::unused) {
                long_name.clear();
                continue;
            }
            if ((attributes & 0x3fU) == fat::long_entry) {
                long_name.add(entry, run.volume + at);
                continue;
            }
            Item item{.short_name = fat::name_of(entry), .slots = long_name.slots()};
            item.name = long_name.take(item.short_name);
            if (item.name.empty()) {
                item.slots.clear();
                item.name = text_of(item.short_name, bytes::u8(entry, 12));
            }
            long_name.clear();
            item.slots.push_back(run.volume + at);
            item.attributes = attributes;
            item.cluster = fat::cluster_of(entry, volume_.bits());
            const bool real = (attributes & fat::volume_label) == 0 && item.name != "." &&
                              item.name != ".." && !item.name.empty() &&
                              item.name.find('/') == std::string::npos &&
                              item.name.find('\0') == std::string::npos;
            if (real && !visit(item))
                return;
        }
    }
}

void Fat::list(NodeId directory, const Visit& visit)
{
    walk(directory, [&](const Item& item) {
        Entry entry{.name = item.name, .node = item.slots.back()};
        entry.type =
            (item.attributes & fat::directory) != 0 ? FileType::directory : FileType::regular;
        return visit(entry);
    });
}

/// Also by the 8.3 name, as Windows finds it.
std::optional<Fat::Item> Fat::find_item(NodeId directory, std::string_view name)
{
    std::optional<Item> found, by_short;
    walk(directory, [&](const Item& item) {
        if (same_name_folded(item.name, name))
            found = item;
        else if (!by_short && same_name_folded(text_of(item.short_name, 0), name))
            by_short = item;
        return !found;
    });
    return found ? found : by_short;
}

Metadata Fat::stat(NodeId node)
{
    Metadata data;
    if (node == 0) {
        data.type = FileType::directory;
        data.mode = 0755;
        return data;
    }
    const auto entry = entry_at(node);
    const unsigned attributes = fat::attributes_of(entry);
    const bool directory = (attributes & fat::directory) != 0;
    data.type = directory ? FileType::directory : FileType::regular;
    data.size = directory ? 0 : fat::size_of(entry);
    data.mode = directory ? 0755U : (attributes & fat::read_only) != 0 ? 0444U : 0644U;
    data.modified = fat::modified_of(entry);
    return data;
}

std::unique_ptr<block::BlockDevice> Fat::open(NodeId node, std::string_view stream)
{
    if (!stream.empty())
        throw Error(Errc::not_found, "FAT has no alternate data streams");
    if (node == 0)
        throw Error(Errc::failed, "a folder has no content");
    const auto entry = entry_at(node);
    const std::uint64_t size = fat::size_of(entry);
    if (size == 0 || (fat::attributes_of(entry) & fat::directory) != 0)
        return std::make_unique<MemoryFile>(std::string_view());
    const std::uint64_t needed = (size + volume_.cluster_size() - 1) / volume_.cluster_size();
    auto runs =
        volume_.runs(fat::cluster_of(entry, volume_.bits()), static_cast<std::uint32_t>(needed));
    std::uint64_t held = 0;
    for (const FileRun& run : runs)
        held += run.length;
    if (held < size)
        throw Error(Errc::bad_data, "a file of the FAT volume ends before its size says");
    return std::make_unique<MappedFile>(volume_.device(), std::move(runs), size);
}

std::vector<block::Extent> Fat::map(NodeId node)
{
    if (node == 0 || (fat::attributes_of(entry_at(node)) & fat::directory) != 0)
        return volume_extents(runs_of_directory(node), UINT64_MAX);
    const auto entry = entry_at(node);
    const std::uint64_t size = fat::size_of(entry);
    if (size == 0)
        return {};
    const std::uint64_t needed = (size + volume_.cluster_size() - 1) / volume_.cluster_size();
    return volume_extents(
        volume_.runs(fat::cluster_of(entry, volume_.bits()), static_cast<std::uint32_t>(needed)),
        size);
}

} // namespace xenlab::fs
