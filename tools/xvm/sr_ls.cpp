// SPDX-License-Identifier: GPL-3.0-or-later
// xvm sr ls: the storage repositories, how full they are and where they are attached.
#include "listing.hpp"
#include "pool_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::vector<std::string> srs;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("SR", o.srs, "SRs: name, uuid, start of a uuid, 'glob*' (default: all)")
        .type_name("SR");
}

const std::vector<std::string_view> columns{"name",     "type", "content", "shared",
                                            "size",     "used", "free",    "allocated",
                                            "attached", "vdis", "default", "uuid"};

void add_row(Listing& list, PoolView& view, const xapi::Object<xapi::Sr>& sr,
             const cli::Context& context)
{
    const xapi::Sr& record = sr.record;
    std::size_t attached = 0;
    for (const xapi::Ref<xapi::Pbd>& ref : record.PBDs)
        if (const xapi::Pbd* pbd = view.find(ref); pbd != nullptr && pbd->currently_attached)
            ++attached;
    const auto& pools = view.all<xapi::Pool>();
    const bool is_default = !pools.empty() && pools.front().record.default_SR == sr.ref;
    const std::int64_t free =
        std::max<std::int64_t>(0, record.physical_size - record.physical_utilisation);
    ordered_json item{{"name", record.name_label},
                      {"uuid", record.uuid},
                      {"type", record.type},
                      {"content", record.content_type},
                      {"shared", record.shared},
                      {"size", record.physical_size},
                      {"used", record.physical_utilisation},
                      {"free", free},
                      {"allocated", record.virtual_allocation},
                      {"attached", attached},
                      {"hosts", record.PBDs.size()},
                      {"vdis", record.VDIs.size()},
                      {"default", is_default}};
    list.add({record.name_label, record.type, record.content_type, record.shared ? "yes" : "no",
              size_cell(context, record.physical_size),
              size_cell(context, record.physical_utilisation), size_cell(context, free),
              size_cell(context, record.virtual_allocation),
              fmt::format("{}/{}", attached, record.PBDs.size()),
              fmt::format("{}", record.VDIs.size()), is_default ? "yes" : "no", record.uuid},
             std::move(item));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    Listing list(context, "xvm.sr.ls/1", columns,
                 {"name", "type", "content", "size", "used", "free", "attached", "default"},
                 {"size", "used", "free", "allocated", "vdis"});
    for (lab::Pool* pool : pools.chosen()) {
        PoolView view(*pool);
        std::vector<const xapi::Object<xapi::Sr>*> srs;
        if (o.srs.empty())
            for (const auto& sr : view.all<xapi::Sr>())
                srs.push_back(&sr);
        else
            srs = pick<xapi::Sr>(view, "SR", o.srs, context.stop);
        std::sort(srs.begin(), srs.end(), [](const auto* a, const auto* b) {
            return a->record.name_label < b->record.name_label;
        });
        for (const auto* sr : srs)
            add_row(list, view, *sr, context);
    }
    list.finish();
    return 0;
}

} // namespace

Verb sr_ls_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "sr ls",
         .summary = "list the storage repositories",
         .schema = "xvm.sr.ls/1",
         .formats = list_formats,
         .columns = columns,
         .examples = {{"xvm sr ls", "How full they are, and on how many hosts"}},
         .completes = {"SR", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
