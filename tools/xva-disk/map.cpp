// SPDX-License-Identifier: GPL-3.0-or-later
// Where the data of a disk is: chunk by chunk for an archive, else by extents.
#include "xva_disk.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace xva_disk {

using namespace xenlab;
using nlohmann::ordered_json;

namespace {

struct Item {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string chunk; ///< empty: no archive
};

struct Map {
    std::string ref;
    std::optional<std::uint64_t> size;
    std::vector<Item> items;
};

Map map_of_archive(const Options& options, const disksrc::OpenOptions& open)
{
    const auto bytes = disksrc::open_bytes(options.sources.front(), open, false);
    xva::Walker walker(*bytes);
    Map map;
    std::optional<std::size_t> wanted;
    while (const auto entry = walker.next()) {
        if (!wanted && (walker.has_metadata() || !walker.metadata().disks.empty()))
            wanted = disksrc::choose_disk(disksrc::disks_of(walker.metadata()), options.disk);
        if (entry->member.kind != xva::MemberKind::chunk || entry->length == 0 ||
            entry->disk != wanted)
            continue;
        if (!entry->placed)
            throw Error(Errc::bad_data,
                        fmt::format("{} does not belong where it is", text::quoted(entry->name)),
                        "xva-verify tells more");
        map.items.push_back({.offset = entry->placed->offset,
                             .length = entry->length,
                             .chunk = entry->member.prefix + "/" + entry->member.digits});
    }
    if (!wanted)
        throw Error(Errc::bad_data, "the archive holds no disk");
    const xva::Disk& disk = walker.metadata().disks.at(*wanted);
    map.ref = disk.ref;
    map.size = disk.size_known ? disk.virtual_size : walker.end_of(*wanted);
    return map;
}

Map map_of_device(const disksrc::DiskSource& source, block::BlockDevice& device, std::size_t disk)
{
    Map map{.ref = source.disks()[disk].ref, .size = device.size()};
    static constexpr std::uint64_t window = std::uint64_t{1} << 30U;
    for (std::uint64_t at = 0; at < device.size(); at += window)
        for (const auto& extent : device.extents(at, std::min(window, device.size() - at))) {
            if (extent.hole)
                continue;
            if (!map.items.empty() &&
                map.items.back().offset + map.items.back().length == extent.offset)
                map.items.back().length += extent.length;
            else
                map.items.push_back({.offset = extent.offset, .length = extent.length});
        }
    return map;
}

Map read_map(const Options& options, const cli::Context& context)
{
    const std::string& name = options.sources.front();
    const auto open = open_options(options, context);
    if (disksrc::comes_once(name))
        return map_of_archive(options, open);
    const auto source = disksrc::open_disks(name, open);
    if (source->format() == disksrc::SourceFormat::xva)
        return map_of_archive(options, open);
    const std::size_t disk = disksrc::choose_disk(source->disks(), options.disk);
    auto* const device = source->device(disk);
    if (device == nullptr)
        throw Error(Errc::precondition,
                    fmt::format("{}: a compressed raw disk has no map", text::printable(name)));
    return map_of_device(*source, *device, disk);
}

ordered_json or_null(const std::string& text)
{
    return text.empty() ? ordered_json() : ordered_json(text);
}

ordered_json to_json(const Item& item)
{
    return {{"offset", item.offset}, {"length", item.length}, {"chunk", or_null(item.chunk)}};
}

} // namespace

int print_map(const Options& options, cli::Context& context)
{
    const Map map = read_map(options, context);
    if (context.shared.format == cli::Format::json) {
        ordered_json items = ordered_json::array();
        for (const Item& item : map.items)
            items.push_back(to_json(item));
        context.write_json({{"schema", "xva-disk.map/1"},
                            {"disk", or_null(map.ref)},
                            {"size", map.size ? ordered_json(*map.size) : ordered_json()},
                            {"items", items}});
        return 0;
    }
    if (context.shared.format == cli::Format::jsonl) {
        for (const Item& item : map.items)
            context.write_json(to_json(item));
        return 0;
    }
    cli::Table rows(context, {{"offset", true}, {"length", true}, {"chunk"}});
    for (const Item& item : map.items)
        rows.row({fmt::format("{}", item.offset), fmt::format("{}", item.length), item.chunk});
    rows.finish();
    return 0;
}

} // namespace xva_disk
