// SPDX-License-Identifier: GPL-3.0-or-later
#include "table_reader.hpp"

#include <xenlab/bytes/checked.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace xenlab::partition {

TableReader::TableReader(std::optional<std::uint64_t> disk_size)
    : requests(disk_size), draft_{.disk_size = disk_size},
      logical_(
          requests, draft_,
          [this](const MbrEntry& e, std::uint64_t start, unsigned n) { add_dos(e, start, n); }),
      gpt_(requests, draft_,
           [this](GptReader::Verdict verdict, const auto& entries) { gpt_table(verdict, entries); })
{
    requests.ask(0, probe_length, [this](const auto& data) { head(data); });
    requests.settle();
}

void TableReader::head(std::optional<bytes::View> data)
{
    if (!data) {
        draft_.table.label = Label::unread;
        draft_.table.whole.known = Known::unread;
        return;
    }
    mbr_ = parse_mbr(*data);
    draft_.table.boot_code = boot_code(*data);
    const bool gpt = GptReader::logical_sector(*data).has_value();
    if (mbr_.signed_ && mbr_.plausible() && mbr_.protective())
        return gpt_.start(*data);
    if (gpt)
        draft_.warn("a GPT header without a protective MBR is ignored");
    if (fills_disk(*data, mbr_))
        return no_table();
    dos_table();
}

// Boot sectors of FAT, NTFS and exFAT end with 55 AA too, and a table without partitions (written
// by accident, or to boot from) means nothing next to a filesystem or physical volume on the whole
// disk.
bool TableReader::fills_disk(bytes::View data, const Mbr& mbr)
{
    if (!mbr.signed_ || !mbr.plausible())
        return true;
    const Content content = recognise(data);
    const bool boot_sector = content.fs == "vfat" || content.fs == "ntfs" ||
                             content.fs == "exfat" || content.fs == "bitlocker";
    return boot_sector || (mbr.empty() && content.known == Known::yes);
}

void TableReader::no_table()
{
    draft_.table.whole.known = Known::unread;
    probe_volume(requests, {.start = 0, .size = draft_.disk_size}, draft_.table.whole);
}

void TableReader::dos_table()
{
    draft_.table.label = Label::dos;
    draft_.table.id = fmt::format("{:#010x}", mbr_.disk_signature);
    unsigned number = 0;
    for (const MbrEntry& entry : mbr_.entries) {
        ++number;
        if (!entry.used())
            continue;
        add_dos(entry, entry.start, number);
        if (entry.extended())
            logical_.add(entry, number);
    }
    logical_.start();
}

void TableReader::add_dos(const MbrEntry& entry, std::uint64_t start, unsigned number)
{
    Partition* added =
        draft_.add({.number = number,
                    .type = format_type(entry.type),
                    .type_name = std::string(type_name(entry.type)),
                    .start = start,
                    .sectors = entry.sectors,
                    .active = entry.flag == 0x80,
                    .extended = entry.extended(),
                    .name = {},
                    .uuid = fmt::format("{:08x}-{:02x}", mbr_.disk_signature, number),
                    .content = {}});
    if (added)
        probe(*added, entry.type == type_raid   ? Hint::raid
                      : entry.type == type_vmfs ? Hint::vmfs
                                                : Hint::none);
}

void TableReader::gpt_table(GptReader::Verdict verdict,
                            const std::vector<GptReader::Entry>& entries)
{
    if (verdict == GptReader::Verdict::unread) {
        draft_.table.label = Label::unread;
        return;
    }
    if (verdict == GptReader::Verdict::none) {
        draft_.warn("the MBR protects a GPT, but there is no sound GPT");
        return dos_table();
    }
    draft_.table.label = Label::gpt;
    if (std::any_of(mbr_.entries.begin(), mbr_.entries.end(),
                    [](const MbrEntry& e) { return e.used() && e.type != type_protective; }))
        draft_.warn("hybrid MBR: it lists partitions of its own, shown are those of the GPT");
    for (const auto& item : entries)
        add_gpt(item);
}

void TableReader::add_gpt(const GptReader::Entry& item)
{
    const GptEntry& entry = item.entry;
    const std::uint64_t scale = draft_.table.logical_sector_size / sector_size;
    const auto start = bytes::checked_mul(entry.first, scale);
    const auto end = bytes::checked_mul(entry.last, scale);
    if (entry.last < entry.first || !start || !end || *end > UINT64_MAX - scale) {
        draft_.warn(fmt::format("partition {} is left out: sectors {} to {} are impossible",
                                item.number, entry.first, entry.last));
        return;
    }
    if (*start < draft_.table.first_usable_lba || *end > draft_.table.last_usable_lba)
        draft_.warn(
            fmt::format("partition {} lies outside of the usable sectors of the GPT", item.number));
    Partition* added = draft_.add({.number = item.number,
                                   .type = entry.type,
                                   .type_name = std::string(type_name(entry.type)),
                                   .start = *start,
                                   .sectors = *end + scale - *start,
                                   .active = (entry.attributes >> 2 & 1) != 0,
                                   .name = entry.name,
                                   .uuid = entry.uuid,
                                   .attributes = entry.attributes,
                                   .content = {}});
    if (added)
        probe(*added, entry.type == guid_raid   ? Hint::raid
                      : entry.type == guid_vmfs ? Hint::vmfs
                                                : Hint::none);
}

void TableReader::probe(Partition& partition, Hint hint)
{
    const auto start = bytes::checked_mul(partition.start, sector_size);
    const auto size = bytes::checked_mul(partition.sectors, sector_size);
    const bool outside = !start || (draft_.disk_size && *start >= *draft_.disk_size);
    if (partition.extended || outside) {
        partition.content.known = Known::no;
        return;
    }
    probe_volume(requests, {.start = *start, .size = size, .hint = hint}, partition.content);
}

Table TableReader::finish()
{
    check_layout(draft_);
    Table& table = draft_.table;
    table.partitions.assign(std::make_move_iterator(draft_.partitions.begin()),
                            std::make_move_iterator(draft_.partitions.end()));
    std::stable_sort(table.partitions.begin(), table.partitions.end(),
                     [](const Partition& a, const Partition& b) { return a.number < b.number; });
    const auto missing = [](const Content& c) {
        return c.known == Known::unread || c.label_unread;
    };
    if (table.label == Label::unread || missing(table.whole) ||
        std::any_of(table.partitions.begin(), table.partitions.end(),
                    [&](const Partition& p) { return missing(p.content); }))
        table.complete = false;
    return std::move(table);
}

} // namespace xenlab::partition
