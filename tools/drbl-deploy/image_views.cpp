// SPDX-License-Identifier: GPL-3.0-or-later
#include "image_views.hpp"

#include "globals.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace drbl_deploy {

using drbl::Image;
using nlohmann::ordered_json;

bool wants_json(const cli::Context& context)
{
    return context.shared.format == cli::Format::json ||
           context.shared.format == cli::Format::jsonl;
}

ordered_json document(const Image& image)
{
    ordered_json doc{{"name", text::printable(image.name)},
                     {"kind", drbl::name_of(image.kind)},
                     {"size", image.stored},
                     {"modified", rfc3339(image.modified)},
                     {"saved_at", image.saved_at},
                     {"id", image.id},
                     {"checksums", image.checksums},
                     {"encrypted", image.encrypted},
                     {"complete", image.complete}};
    doc["disks"] = ordered_json::array();
    for (const drbl::ImageDisk& disk : image.disks)
        doc["disks"].push_back(
            {{"name", text::printable(disk.name)}, {"size", disk.size}, {"needed", disk.needed}});
    doc["partitions"] = ordered_json::array();
    for (const drbl::ImagePartition& part : image.partitions)
        doc["partitions"].push_back({{"name", text::printable(part.name)},
                                     {"fs", text::printable(part.filesystem)},
                                     {"tool", part.tool},
                                     {"compression", part.compression},
                                     {"size", part.stored}});
    doc["problems"] = image.problems;
    return doc;
}

void print_images(cli::Context& context, const std::vector<Image>& images)
{
    if (wants_json(context)) {
        ordered_json doc{{"schema", "drbl-deploy.images/1"}, {"items", ordered_json::array()}};
        for (const Image& image : images)
            doc["items"].push_back(document(image));
        context.write_json(doc);
        return;
    }
    const bool people = context.shared.format == cli::Format::table;
    cli::Table table(
        context,
        {{"name"}, {"kind"}, {"size", true}, {"disks"}, {"saved"}, {"complete"}, {"problems"}});
    for (const Image& image : images) {
        std::vector<std::string> disks;
        for (const drbl::ImageDisk& disk : image.disks)
            disks.push_back(disk.name);
        table.row({image.name, std::string(drbl::name_of(image.kind)),
                   people ? text::human_size(image.stored) : std::to_string(image.stored),
                   fmt::format("{}", fmt::join(disks, ",")), rfc3339(image.modified),
                   image.complete ? "yes" : "no",
                   fmt::format("{}", fmt::join(image.problems, "; "))});
    }
    table.finish();
}

void print_image(cli::Context& context, const Image& image)
{
    std::string out = fmt::format(
        "{}\n  kind        {}\n  stored      {}\n  saved       {}\n", text::printable(image.name),
        drbl::name_of(image.kind), text::human_size(image.stored),
        image.saved_at.empty() ? rfc3339(image.modified) : image.saved_at);
    out += fmt::format("  complete    {}\n  checksums   {}\n", image.complete ? "yes" : "no",
                       image.checksums ? "yes" : "no");
    if (!image.id.empty())
        out += fmt::format("  id          {}\n", image.id.substr(0, 16));
    for (const drbl::ImageDisk& disk : image.disks)
        out +=
            fmt::format("  disk        {}: {}, partitions end at {}\n", text::printable(disk.name),
                        text::human_size(disk.size), text::human_size(disk.needed));
    for (const drbl::ImagePartition& part : image.partitions)
        out +=
            fmt::format("  partition   {}: {}, {} stored{}{}\n", text::printable(part.name),
                        part.filesystem.empty() ? "unknown" : text::printable(part.filesystem),
                        text::human_size(part.stored), part.tool.empty() ? "" : " by ", part.tool);
    for (const std::string& problem : image.problems)
        out += fmt::format("  problem     {}\n", problem);
    context.out().write(out);
}

} // namespace drbl_deploy
