// SPDX-License-Identifier: GPL-3.0-or-later
#include "print.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xva_mbr {

using namespace xenlab;
using nlohmann::ordered_json;
using partition::Known;
using partition::Label;

namespace {

std::string_view name_of(Label label)
{
    switch (label) {
    case Label::none:
        return "none";
    case Label::dos:
        return "dos";
    case Label::gpt:
        return "gpt";
    case Label::unread:
        return "unread";
    }
    return "unread";
}

std::string_view name_of(partition::Backup backup)
{
    switch (backup) {
    case partition::Backup::none:
        return "none";
    case partition::Backup::sound:
        return "sound";
    case partition::Backup::bad:
        return "bad";
    case partition::Backup::unread:
        return "unread";
    case partition::Backup::in_use:
        return "in-use";
    }
    return "unread";
}

Label label_of(const DiskView& disk)
{
    return disk.table ? disk.table->label : Label::unread;
}

std::string fs_cell(const partition::Content& content)
{
    return content.known == Known::unread ? "?" : content.fs;
}

const std::vector<cli::Column>& columns()
{
    static const std::vector<cli::Column> all{
        {"disk"},       {"number", true}, {"active"},   {"start", true}, {"sectors", true},
        {"size", true}, {"type"},         {"fs"},       {"label"},       {"uuid"},
        {"name"},       {"partuuid"},     {"type_name"}};
    return all;
}

const std::vector<std::string>& columns_for_people()
{
    static const std::vector<std::string> some{"number", "active", "start", "sectors",  "size",
                                               "fs",     "label",  "uuid",  "type_name"};
    return some;
}

std::vector<std::string> cells(const DiskView& disk, const partition::Partition& p, bool people)
{
    const std::uint64_t bytes = p.sectors * partition::sector_size;
    return {disk.info.ref,
            fmt::format("{}", p.number),
            p.active ? "*" : "",
            fmt::format("{}", p.start),
            fmt::format("{}", p.sectors),
            people ? text::human_size(bytes) : fmt::format("{}", bytes),
            p.type,
            p.extended ? "" : fs_cell(p.content),
            p.content.label_unread ? "?" : p.content.label,
            p.content.uuid,
            p.name,
            p.uuid,
            p.type_name.empty() && people ? p.type : p.type_name};
}

std::string headline(const DiskView& disk)
{
    std::string line = title_of(disk) + ": ";
    line += disk.info.size ? text::human_size(*disk.info.size) : "size unknown";
    if (!disk.table || disk.table->label == Label::unread)
        return line + ", not read from this stream (--complete reads on)";
    const partition::Table& table = *disk.table;
    if (table.label == Label::none) {
        line += ", no partition table";
        if (!table.whole.fs.empty())
            line += fmt::format(", {} {} {}", table.whole.fs, text::quoted(table.whole.label),
                                text::printable(table.whole.uuid));
    } else {
        line += fmt::format(", {} {}", name_of(table.label), table.id);
    }
    return line + fmt::format(", boot code: {}", table.boot_code);
}

ordered_json or_null(const std::string& text)
{
    return text.empty() ? ordered_json() : ordered_json(text);
}

ordered_json fs_json(const partition::Content& content)
{
    return content.known == Known::unread ? ordered_json("unread") : or_null(content.fs);
}

ordered_json to_json(const partition::Partition& p)
{
    ordered_json out{{"number", p.number},
                     {"type", p.type},
                     {"type_name", p.type_name},
                     {"start", p.start},
                     {"sectors", p.sectors},
                     {"active", p.active},
                     {"name", or_null(p.name)},
                     {"uuid", or_null(p.uuid)},
                     {"fs", fs_json(p.content)},
                     {"fs_label", or_null(p.content.label)},
                     {"fs_uuid", or_null(p.content.uuid)}};
    if (p.content.label_unread)
        out["fs_label"] = "unread";
    return out;
}

ordered_json to_json(const DiskView& disk)
{
    ordered_json out{{"ref", or_null(disk.info.ref)}, {"name", or_null(disk.info.name)}};
    out["size"] = disk.info.size ? ordered_json(*disk.info.size) : ordered_json();
    out["label"] = name_of(label_of(disk));
    const partition::Table table = disk.table.value_or(partition::Table{.complete = false});
    out["id"] = or_null(table.id);
    out["boot_code"] = or_null(table.boot_code);
    if (table.label == Label::gpt)
        out["backup"] = name_of(table.backup);
    if (table.label == Label::none && disk.table) {
        out["fs"] = fs_json(table.whole);
        out["fs_label"] = or_null(table.whole.label);
        out["fs_uuid"] = or_null(table.whole.uuid);
    }
    out["partitions"] = ordered_json::array();
    for (const partition::Partition& p : table.partitions)
        out["partitions"].push_back(to_json(p));
    out["warnings"] = table.warnings;
    out["complete"] = disk.table && table.complete;
    return out;
}

} // namespace

std::string title_of(const DiskView& disk)
{
    if (disk.info.ref.empty())
        return "disk";
    return fmt::format("{} {}", text::printable(disk.info.ref), text::quoted(disk.info.name));
}

void print_tables(const View& view, cli::Context& context)
{
    const bool people = context.shared.format == cli::Format::table;
    std::optional<cli::Table> rows;
    if (!people)
        rows.emplace(context, columns());
    for (const DiskView& disk : view.disks) {
        if (people) {
            context.out().write(headline(disk) + "\n");
            rows.emplace(context, columns(), columns_for_people());
        }
        if (disk.table)
            for (const partition::Partition& p : disk.table->partitions)
                rows->row(cells(disk, p, people));
        if (people && disk.table && !disk.table->partitions.empty())
            rows->finish();
    }
    context.out().flush();
}

void print_json(const View& view, cli::Context& context)
{
    if (context.shared.format == cli::Format::jsonl) {
        for (const DiskView& disk : view.disks)
            context.write_json(to_json(disk));
        return;
    }
    ordered_json disks = ordered_json::array();
    for (const DiskView& disk : view.disks)
        disks.push_back(to_json(disk));
    ordered_json document{{"schema", "xva-mbr/1"}, {"disks", disks}, {"complete", view.complete()}};
    if (!view.damage.empty())
        document["damage"] = view.damage;
    context.write_json(document);
}

} // namespace xva_mbr
