// SPDX-License-Identifier: GPL-3.0-or-later
#include "listing.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xva_ls {

using namespace xenlab;
using nlohmann::ordered_json;

namespace {

ordered_json or_null(const std::string& text)
{
    return text.empty() ? ordered_json() : ordered_json(text);
}

} // namespace

void print_volumes(guest::Guest& guest, cli::Context& context)
{
    const bool json = context.shared.format == cli::Format::json;
    const bool people = context.shared.format == cli::Format::table;
    std::optional<cli::Table> table;
    if (!json && context.shared.format != cli::Format::jsonl)
        table.emplace(
            context,
            std::vector<cli::Column>{
                {"name"}, {"disk"}, {"fs"}, {"label"}, {"uuid"}, {"size", true}, {"mount"}});
    ordered_json items = ordered_json::array();
    for (std::size_t i = 0; i < guest.volumes().size(); ++i) {
        const guest::Volume& v = guest.volumes()[i];
        const std::string mount = guest.mount_of(i);
        if (!v.unusable.empty())
            context.warning(fmt::format("{}: {}", v.name, v.unusable));
        if (table) {
            table->row({v.name, v.disk_ref, v.content.fs, v.content.label, v.content.uuid,
                        people ? text::human_size(v.size) : fmt::format("{}", v.size), mount});
            continue;
        }
        ordered_json item{{"name", v.name},
                          {"disk", or_null(v.disk_ref)},
                          {"fs", or_null(v.content.fs)},
                          {"label", or_null(v.content.label)},
                          {"uuid", or_null(v.content.uuid)},
                          {"size", v.size},
                          {"mount", or_null(mount)}};
        if (json)
            items.push_back(std::move(item));
        else
            context.write_json(item);
    }
    if (table)
        table->finish();
    else if (json)
        context.write_json({{"schema", "xva-ls.volumes/1"}, {"items", std::move(items)}});
}

} // namespace xva_ls
