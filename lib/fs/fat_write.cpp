// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to FAT volumes. They are made on an overlay, so that their order does not matter.
#include "fat.hpp"
#include "fat_entry.hpp"
#include "ntfs_library.hpp" // to_utf16

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::fs {
namespace {

std::u16string checked_name(const std::string& name)
{
    const std::u16string wide = to_utf16(name);
    const bool bad = name.empty() || wide.size() > 255 || !text::is_utf8(name) ||
                     name.find_first_of("/\\:*?\"<>|") != std::string::npos || name.back() == '.' ||
                     name.back() == ' ' || std::any_of(name.begin(), name.end(), [](char c) {
                         return static_cast<unsigned char>(c) < 32;
                     });
    if (bad)
        throw Error(Errc::usage,
                    fmt::format("{} cannot be a file name on FAT", text::quoted(name)));
    return wide;
}

/// Long entries in the order in which they stand on the volume.
std::vector<std::vector<std::byte>> long_entries(std::u16string name, const ShortName& short_name)
{
    constexpr std::size_t per_entry = 13;
    const std::size_t count = (name.size() + per_entry - 1) / per_entry;
    if (name.size() % per_entry != 0) {
        name += u'\0';
        name.resize(count * per_entry, u'\xffff');
    }
    std::vector<std::vector<std::byte>> entries;
    for (std::size_t i = count; i-- > 0;) {
        std::vector<std::byte> entry(fat::entry_size);
        entry[0] = static_cast<std::byte>((i + 1) | (i + 1 == count ? 0x40U : 0U));
        entry[11] = static_cast<std::byte>(fat::long_entry);
        entry[13] = static_cast<std::byte>(checksum_of(short_name));
        std::size_t unit = i * per_entry;
        for (const std::size_t at : unit_places)
            bytes::store_le(std::span(entry), at, static_cast<std::uint16_t>(name[unit++]));
        entries.push_back(std::move(entry));
    }
    return entries;
}

} // namespace

void Fat::require_writable() const
{
    if (!writing_)
        refuse_write();
}

std::uint32_t Fat::store(block::BlockDevice& content)
{
    const std::uint64_t cluster = volume_.cluster_size();
    if (content.size() > 0xffffffff)
        throw Error(Errc::failed, "files on FAT are smaller than 4 GiB");
    const std::uint64_t count = (content.size() + cluster - 1) / cluster;
    if (count == 0)
        return 0;
    const std::uint32_t first = volume_.allocate(static_cast<std::uint32_t>(count));
    std::vector<std::byte> buffer;
    for (const FileRun& run : volume_.runs(first, static_cast<std::uint32_t>(count)))
        for (std::uint64_t done = 0; done < run.length; done += buffer.size()) {
            buffer.assign(
                static_cast<std::size_t>(std::min<std::uint64_t>(run.length - done, 1U << 20U)),
                std::byte{0});
            const std::uint64_t from = run.content + done;
            const std::uint64_t left = content.size() > from ? content.size() - from : 0;
            content.read(from, std::span(buffer).first(static_cast<std::size_t>(
                                   std::min<std::uint64_t>(buffer.size(), left))));
            volume_.device().write(run.volume + done, buffer);
        }
    return first;
}

/// Slots in a row; the folder grows when it has too few.
std::vector<std::uint64_t> Fat::free_slots(NodeId directory, std::size_t count)
{
    for (;;) {
        std::vector<std::uint64_t> row;
        std::vector<std::byte> buffer;
        bool ended = false;
        for (const FileRun& run : runs_of_directory(directory)) {
            buffer.resize(static_cast<std::size_t>(run.length));
            volume_.device().read(run.volume, buffer);
            for (std::size_t at = 0; at + fat::entry_size <= buffer.size(); at += fat::entry_size) {
                const unsigned first = bytes::u8(buffer, at);
                ended = ended || first == 0;
                if (!ended && first != fat::unused)
                    row.clear();
                else
                    row.push_back(run.volume + at);
                if (row.size() == count)
                    return row;
            }
        }
        const std::uint32_t first = first_cluster(directory);
        if (first == 0)
            throw Error(Errc::failed, "the root folder of the FAT volume is full");
        const std::uint32_t added = volume_.extend(first);
        volume_.device().write(volume_.place(added),
                               std::vector<std::byte>(volume_.cluster_size()));
    }
}

NodeId Fat::add_entry(NodeId directory, const std::string& name, std::vector<std::byte> entry)
{
    const std::u16string wide = checked_name(name);
    std::vector<ShortName> taken;
    walk(directory, [&](const Item& item) {
        taken.push_back(item.short_name);
        return true;
    });
    const auto is_taken = [&](const ShortName& candidate) {
        return std::find(taken.begin(), taken.end(), candidate) != taken.end();
    };
    ShortName short_name;
    std::vector<std::vector<std::byte>> entries;
    if (!fits_short(name, short_name) || is_taken(short_name)) {
        short_name = make_short(name, is_taken);
        entries = long_entries(wide, short_name);
    }
    fat::set_name(entry, short_name);
    entries.push_back(std::move(entry));
    const auto slots = free_slots(directory, entries.size());
    for (std::size_t i = 0; i < slots.size(); ++i)
        volume_.device().write(slots[i], entries[i]);
    return slots.back();
}

void Fat::set_content(NodeId node, std::uint32_t cluster, std::uint64_t size,
                      const WriteOptions& options)
{
    auto entry = entry_at(node);
    fat::set_cluster(entry, cluster);
    bytes::store_le(std::span(entry), 28, static_cast<std::uint32_t>(size));
    fat::set_modified(entry, options.modified);
    entry[11] |= static_cast<std::byte>(fat::archive);
    volume_.device().write(node, entry);
    if (options.mode)
        set_mode(node, *options.mode);
}

NodeId Fat::write_file(NodeId directory, const std::string& name, block::BlockDevice& content,
                       const WriteOptions& options)
{
    require_writable();
    const auto old = find_item(directory, name);
    if (old && (old->attributes & fat::directory) != 0)
        throw Error(Errc::precondition, fmt::format("{} is no regular file", text::quoted(name)));
    if (!old)
        static_cast<void>(checked_name(name));
    if (old)
        volume_.free_chain(old->cluster);
    const std::uint32_t cluster = store(content);
    const NodeId node = old ? old->slots.back()
                            : add_entry(directory, name, std::vector<std::byte>(fat::entry_size));
    set_content(node, cluster, content.size(), options);
    return node;
}

NodeId Fat::make_directory(NodeId directory, const std::string& name, const WriteOptions& options)
{
    require_writable();
    if (find_item(directory, name))
        throw Error(Errc::precondition, fmt::format("{} exists already", text::quoted(name)));
    static_cast<void>(checked_name(name));
    const std::uint32_t cluster = volume_.allocate(1);
    std::vector<std::byte> block(volume_.cluster_size());
    // ".." of a folder in the root says 0, whatever cluster the root has.
    const std::uint32_t parent = directory == 0 ? 0 : first_cluster(directory);
    std::vector<std::byte> entry(fat::entry_size);
    fat::set_modified(entry, options.modified);
    entry[11] = static_cast<std::byte>(fat::directory);
    for (std::size_t i = 0; i < 2; ++i) {
        ShortName dots;
        dots.fill(' ');
        std::fill_n(dots.begin(), i + 1, '.');
        fat::set_name(entry, dots);
        fat::set_cluster(entry, i == 0 ? cluster : parent);
        std::copy(entry.begin(), entry.end(),
                  block.begin() + static_cast<std::ptrdiff_t>(i * fat::entry_size));
    }
    volume_.device().write(volume_.place(cluster), block);
    fat::set_cluster(entry, cluster);
    return add_entry(directory, name, std::move(entry));
}

void Fat::remove(NodeId directory, const std::string& name)
{
    require_writable();
    const auto item = find_item(directory, name);
    if (!item)
        throw Error(Errc::not_found, fmt::format("there is no {}", text::quoted(name)));
    if ((item->attributes & fat::directory) != 0)
        walk(item->slots.back(), [&](const Item&) -> bool {
            throw Error(Errc::precondition,
                        fmt::format("the directory {} is not empty", text::quoted(name)));
        });
    volume_.free_chain(item->cluster);
    for (const std::uint64_t slot : item->slots) {
        const std::byte mark[1] = {static_cast<std::byte>(fat::unused)};
        volume_.device().write(slot, mark);
    }
}

void Fat::set_mode(NodeId node, std::uint32_t mode)
{
    require_writable();
    if (node == 0)
        return;
    auto entry = entry_at(node);
    const unsigned others = fat::attributes_of(entry) & ~fat::read_only;
    entry[11] = static_cast<std::byte>(others | ((mode & 0222U) == 0 ? fat::read_only : 0U));
    volume_.device().write(node, entry);
}

void Fat::close()
{
    if (writing_)
        volume_.update_info();
}

} // namespace xenlab::fs
