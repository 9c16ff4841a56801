// SPDX-License-Identifier: GPL-3.0-or-later
#include "iso_view.hpp"
#include "listing.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace xvm {
namespace {

struct Options {
    std::vector<std::string> names;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("ISO", o.names, "Only images with these names (globs)").type_name("ISO");
}

const std::vector<std::string_view> columns{"name", "sr", "size", "vms", "uuid"};

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    Listing listing(context, "xvm.iso.ls/1", columns, {"name", "sr", "size", "vms"});
    for (lab::Pool* pool : pools.chosen()) {
        PoolView view(*pool);
        std::map<std::string, std::set<std::string>> used; // VDI -> VMs
        for (const auto& vbd : view.all<xapi::Vbd>())
            if (vbd.record.type == "CD" && !vbd.record.empty)
                used[vbd.record.VDI.str()].insert(view.name(vbd.record.VM));
        for (const Iso& iso : isos_of(*pool)) {
            const std::string& name = iso.record.name_label;
            if (!o.names.empty() &&
                std::none_of(o.names.begin(), o.names.end(), [&](const std::string& word) {
                    return word == name || lab::glob_match(word, name);
                }))
                continue;
            const auto& vms = used[iso.ref.str()];
            listing.add({name, iso.sr, size_cell(context, iso.record.virtual_size),
                         fmt::format("{}", fmt::join(vms, ",")), iso.record.uuid},
                        {{"name", name},
                         {"sr", iso.sr},
                         {"size", iso.record.virtual_size},
                         {"tools", iso.record.is_tools_iso},
                         {"vms", vms},
                         {"uuid", iso.record.uuid}});
        }
    }
    listing.finish();
    return 0;
}

} // namespace

Verb iso_ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "iso ls",
         .summary = "list ISO images and the VMs that have them in their drives",
         .schema = "xvm.iso.ls/1",
         .formats = list_formats,
         .columns = columns,
         .output_option = true,
         .examples = {{"xvm iso ls '*.iso' --format table", "What can be inserted"}},
         .completes = {"ISO", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
