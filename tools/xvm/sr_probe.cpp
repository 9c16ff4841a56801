// SPDX-License-Identifier: GPL-3.0-or-later
// xvm sr probe: what a server offers, without changing anything: exports, targets, LUNs, SRs.
#include "listing.hpp"
#include "sr_storage.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xvm {
namespace {

using nlohmann::ordered_json;

struct Options {
    StorageOptions storage;
};

void declare(cli::OptionSet& set, Options& o)
{
    declare_storage_options(set, o.storage);
}

const std::vector<std::string_view> columns{"kind", "what", "details"};

/// The value that the next step wants.
std::string_view key_of(const lab::ProbeItem& item)
{
    if (item.kind == "Export")
        return "Path";
    if (item.kind == "TGT")
        return "TargetIQN";
    return item.kind == "LUN" ? "SCSIid" : "UUID";
}

std::string_view kind_word(const lab::ProbeItem& item)
{
    if (item.kind == "Export")
        return "export";
    if (item.kind == "TGT")
        return "target";
    return item.kind == "LUN" ? "lun" : item.kind == "SR" ? "sr" : "other";
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    lab::StorageSource source = storage_of(o.storage, true);
    if (!source.can_probe)
        throw Error(Errc::precondition,
                    fmt::format("the driver of {} cannot look before it creates", o.storage.kind),
                    "sr create undoes itself when the share cannot be mounted");
    PoolView view(pool);
    const auto host = host_for(view, source, o.storage);
    // A secret of xapi is made for the question and destroyed after it.
    const StorageSecret secret(pool, source, o.storage, context.stop);
    const auto items = with_names(pool, [&] { return probe(pool, host, source); });
    Listing list(context, "xvm.sr.probe/1", columns, {});
    for (const lab::ProbeItem& item : items) {
        std::string details;
        ordered_json document{{"kind", kind_word(item)}, {"what", item.value(key_of(item))}};
        for (const auto& [key, text] : item.values) {
            document["details"][key] = text;
            if (key != key_of(item))
                details += fmt::format("{}{}={}", details.empty() ? "" : " ", key, text);
        }
        list.add({std::string(kind_word(item)), item.value(key_of(item)), details},
                 std::move(document));
    }
    list.finish();
    return 0;
}

} // namespace

Verb sr_probe_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "sr probe",
         .summary = "show what storage a server offers",
         .schema = "xvm.sr.probe/1",
         .formats = row_formats,
         .columns = columns,
         .examples = {{"xvm sr probe nfs 10.20.30.9", "The exports of an NFS server"}},
         .completes = {"HOST", "CONTEXT"}},
        declare, run);
}

} // namespace xvm
