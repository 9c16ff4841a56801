// SPDX-License-Identifier: GPL-3.0-or-later
// The table as a script for sfdisk(8), and as a picture.
#include "print.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xva_mbr {

using namespace xenlab;
using partition::Label;
using partition::Partition;

namespace {

/// GPT attribute bits in sfdisk's words.
std::string attributes_of(std::uint64_t bits)
{
    std::string words;
    const auto add = [&](const std::string& word) { words += (words.empty() ? "" : " ") + word; };
    if ((bits & 1U) != 0)
        add("RequiredPartition");
    if ((bits & 2U) != 0)
        add("NoBlockIOProtocol");
    if ((bits & 4U) != 0)
        add("LegacyBIOSBootable");
    for (unsigned bit = 48; bit < 64; ++bit)
        if ((bits >> bit & 1U) != 0)
            add(fmt::format("GUID:{}", bit));
    return words;
}

/// sfdisk reads \xNN in names.
std::string script_name(const std::string& name)
{
    std::string out;
    for (const char c : name)
        if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            out += c;
    return out;
}

std::string script_line(const Partition& p, const partition::Table& table)
{
    const std::uint64_t unit = table.logical_sector_size / partition::sector_size;
    const bool gpt = table.label == Label::gpt;
    std::string line =
        fmt::format("disk{} : start={:>12}, size={:>12}, type={}", p.number, p.start / unit,
                    p.sectors / unit, gpt ? p.type : text::to_lower(p.type.substr(2)));
    if (gpt)
        line += fmt::format(", uuid={}", p.uuid);
    if (gpt && !p.name.empty())
        line += fmt::format(", name=\"{}\"", script_name(p.name));
    if (gpt && p.attributes != 0)
        line += fmt::format(", attrs=\"{}\"", attributes_of(p.attributes));
    if (!gpt && p.active)
        line += ", bootable";
    return line + "\n";
}

} // namespace

std::string sfdisk_dump(const DiskView& disk)
{
    if (!disk.table || disk.table->label == Label::unread)
        throw Error(Errc::failed,
                    fmt::format("{}: the table was not read from this stream", title_of(disk)),
                    "--complete reads on");
    const partition::Table& table = *disk.table;
    if (table.label == Label::none)
        throw Error(Errc::failed, fmt::format("{}: no partition table", title_of(disk)));
    const std::uint64_t unit = table.logical_sector_size / partition::sector_size;
    const bool gpt = table.label == Label::gpt;
    std::string out =
        fmt::format("label: {}\nlabel-id: {}\nunit: sectors\n", gpt ? "gpt" : "dos", table.id);
    if (gpt)
        out += fmt::format("first-lba: {}\nlast-lba: {}\n", table.first_usable_lba / unit,
                           table.last_usable_lba / unit);
    out += fmt::format("sector-size: {}\n\n", table.logical_sector_size);
    for (const Partition& p : table.partitions)
        out += script_line(p, table);
    return out;
}

namespace {

struct Box {
    std::uint64_t sectors = 0;
    std::string text; ///< empty: free space
};

std::vector<Box> boxes_of(const partition::Table& table, std::uint64_t disk_sectors)
{
    std::vector<const Partition*> parts;
    for (const Partition& p : table.partitions)
        if (!p.extended)
            parts.push_back(&p);
    std::sort(parts.begin(), parts.end(),
              [](const Partition* a, const Partition* b) { return a->start < b->start; });
    std::vector<Box> boxes;
    std::uint64_t at = 0;
    for (const Partition* p : parts) {
        if (p->start > at)
            boxes.push_back({.sectors = p->start - at});
        const std::string fs = p->content.known == partition::Known::unread ? "?" : p->content.fs;
        boxes.push_back(
            {.sectors = p->sectors,
             .text = fmt::format("{}{}{} {}", p->number, fs.empty() ? "" : " ", fs,
                                 text::human_size(p->sectors * partition::sector_size))});
        at = std::max(at, p->start + p->sectors);
    }
    if (disk_sectors > at)
        boxes.push_back({.sectors = disk_sectors - at});
    return boxes;
}

} // namespace

std::string layout_bar(const DiskView& disk, std::size_t width)
{
    if (!disk.table)
        return "[? not read]";
    const std::uint64_t sectors = disk.info.size.value_or(0) / partition::sector_size;
    const auto boxes = boxes_of(*disk.table, sectors);
    double total = 1;
    for (const Box& box : boxes)
        total += static_cast<double>(box.sectors);
    std::string bar;
    for (const Box& box : boxes) {
        const auto share = static_cast<std::size_t>(static_cast<double>(box.sectors) / total *
                                                    static_cast<double>(width));
        if (box.text.empty()) {
            bar += std::string(std::max<std::size_t>(1, share), '.');
            continue;
        }
        std::string inside = box.text.substr(
            0, std::max<std::size_t>(box.text.find(' '), share > 2 ? share - 2 : 0));
        inside.resize(std::max(inside.size(), share > 2 ? share - 2 : 0), ' ');
        bar += "[" + inside + "]";
    }
    return bar;
}

} // namespace xva_mbr
