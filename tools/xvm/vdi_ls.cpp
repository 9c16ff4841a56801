// SPDX-License-Identifier: GPL-3.0-or-later
// xvm vdi ls, who and orphans: disks, and who holds them.
#include "listing.hpp"
#include "vdi_holders.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace xvm {
namespace {

using nlohmann::ordered_json;

const std::vector<std::string_view> columns{"name", "sr",   "size", "used",   "type",
                                            "held", "uuid", "vms",  "missing"};

void add_row(Listing& list, PoolView& view, const xapi::Object<xapi::Vdi>& vdi,
             const cli::Context& context)
{
    const xapi::Vdi& record = vdi.record;
    std::vector<std::string> vms;
    std::vector<std::string> attached;
    for (const Holder& holder : holders(view, vdi)) {
        const std::string name = holder.vm == nullptr ? "(gone)" : holder.vm->name_label;
        vms.push_back(name);
        if (holder.vbd->currently_attached)
            attached.push_back(name);
    }
    const std::string type = record.is_a_snapshot ? "snapshot" : record.type;
    ordered_json item{{"name", record.name_label},
                      {"uuid", record.uuid},
                      {"sr", view.name(record.SR)},
                      {"size", record.virtual_size},
                      {"used", record.physical_utilisation},
                      {"type", record.type},
                      {"snapshot", record.is_a_snapshot},
                      {"missing", record.missing},
                      {"vms", vms},
                      {"attached_to", attached}};
    list.add({record.name_label, view.name(record.SR), size_cell(context, record.virtual_size),
              size_cell(context, record.physical_utilisation), type,
              fmt::format("{}", fmt::join(attached, ",")), record.uuid,
              fmt::format("{}", fmt::join(vms, ",")), record.missing ? "yes" : "no"},
             std::move(item));
}

std::vector<const xapi::Object<xapi::Vdi>*>
in_order(std::vector<const xapi::Object<xapi::Vdi>*> all)
{
    std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
        return std::tie(a->record.name_label, a->record.is_a_snapshot, a->record.uuid) <
               std::tie(b->record.name_label, b->record.is_a_snapshot, b->record.uuid);
    });
    return all;
}

/// The VDIs to look at: those named, else all of the SRs named, else all that are disks.
std::vector<const xapi::Object<xapi::Vdi>*> chosen(PoolView& view,
                                                   const std::vector<std::string>& words,
                                                   const std::vector<std::string>& srs, bool isos,
                                                   const cli::Context& context)
{
    if (!words.empty())
        return pick_vdis(view, words, context.stop);
    std::vector<const xapi::Object<xapi::Sr>*> wanted;
    if (!srs.empty())
        wanted = pick<xapi::Sr>(view, "SR", srs, context.stop);
    std::vector<const xapi::Object<xapi::Vdi>*> all;
    for (const auto& vdi : view.all<xapi::Vdi>()) {
        const xapi::Sr* sr = view.find(vdi.record.SR);
        const bool of_wanted = std::any_of(wanted.begin(), wanted.end(), [&](const auto* each) {
            return each->ref == vdi.record.SR;
        });
        if (!vdi.record.managed || (!srs.empty() && !of_wanted) ||
            (srs.empty() && !isos && sr != nullptr && sr->content_type == "iso"))
            continue;
        all.push_back(&vdi);
    }
    return in_order(std::move(all));
}

// -- vdi ls -----------------------------------------------------------------------------------

struct LsOptions {
    std::vector<std::string> vdis, srs;
    bool isos = false;
};

void declare_ls(cli::OptionSet& set, LsOptions& o)
{
    set.add_option("VDI", o.vdis, "Disks: name, uuid, start of a uuid, 'glob*', VM/DEVICE")
        .type_name("VDI");
    set.add_option("--sr", o.srs, "Only disks in this SR").type_name("SR").one_at_a_time();
    set.add_flag("--isos", o.isos, "ISO images, too");
}

int run_ls(const Globals& globals, const LsOptions& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    PoolView view(pools.single());
    Listing list(context, "xvm.vdi.ls/1", columns,
                 {"name", "sr", "size", "used", "type", "held", "uuid"});
    for (const auto* vdi : chosen(view, o.vdis, o.srs, o.isos, context))
        add_row(list, view, *vdi, context);
    list.finish();
    return 0;
}

// -- vdi orphans ------------------------------------------------------------------------------

struct OrphanOptions {
    std::vector<std::string> srs;
};

void declare_orphans(cli::OptionSet& set, OrphanOptions& o)
{
    set.add_option("--sr", o.srs, "Only disks in this SR").type_name("SR").one_at_a_time();
}

/// A disk that no VM, snapshot or template has and that is nobody's by its nature. Suspend images,
/// HA state and the like are no orphans, nor is what belongs to a running import.
bool orphan(const xapi::Vdi& vdi)
{
    return vdi.VBDs.empty() && vdi.managed && !vdi.is_tools_iso && vdi.current_operations.empty() &&
           (vdi.type == "user" || vdi.type == "system" || vdi.type == "ephemeral");
}

int run_orphans(const Globals& globals, const OrphanOptions& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    PoolView view(pools.single());
    Listing list(context, "xvm.vdi.orphans/1", columns,
                 {"name", "sr", "size", "used", "type", "uuid"});
    for (const auto* vdi : chosen(view, {}, o.srs, false, context)) {
        const xapi::Sr* sr = view.find(vdi->record.SR);
        if (orphan(vdi->record) && sr != nullptr && sr->content_type != "iso")
            add_row(list, view, *vdi, context);
    }
    list.finish();
    return 0;
}

// -- vdi who ----------------------------------------------------------------------------------

struct WhoOptions {
    std::vector<std::string> vdis;
};

void declare_who(cli::OptionSet& set, WhoOptions& o)
{
    set.add_option("VDI", o.vdis, "Disks: name, uuid, start of a uuid, 'glob*', VM/DEVICE")
        .type_name("VDI")
        .required();
}

const std::vector<std::string_view> who_columns{"vdi",      "vm",  "state", "device", "mode",
                                                "attached", "why", "uuid",  "vbd"};

int run_who(const Globals& globals, const WhoOptions& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    PoolView view(pools.single());
    Listing list(context, "xvm.vdi.who/1", who_columns,
                 {"vdi", "vm", "state", "device", "mode", "attached", "why"});
    for (const auto* vdi : pick_vdis(view, o.vdis, context.stop)) {
        const auto all = holders(view, *vdi);
        if (all.empty())
            context.note(fmt::format("nobody has {}", text::quoted(vdi->record.name_label)));
        for (const Holder& holder : all) {
            const std::string vm = holder.vm == nullptr ? "(gone)" : holder.vm->name_label;
            const std::string state =
                holder.vm == nullptr ? "" : text::to_lower(holder.vm->power_state);
            const std::string device =
                holder.vbd->device.empty() ? holder.vbd->userdevice : holder.vbd->device;
            ordered_json item{{"vdi", vdi->record.name_label},
                              {"uuid", vdi->record.uuid},
                              {"vm", vm},
                              {"power", state},
                              {"device", device},
                              {"mode", text::to_lower(holder.vbd->mode)},
                              {"attached", holder.vbd->currently_attached},
                              {"control_domain", holder.dom0},
                              {"stale", holder.stale},
                              {"why", holder.why},
                              {"vbd", holder.vbd->uuid}};
            list.add({vdi->record.name_label, vm, state, device, text::to_lower(holder.vbd->mode),
                      holder.vbd->currently_attached ? "yes" : "no", holder.why, vdi->record.uuid,
                      holder.vbd->uuid},
                     std::move(item));
        }
    }
    list.finish();
    return 0;
}

} // namespace

Verb vdi_ls_verb()
{
    return cli::make_verb<Globals, LsOptions>(
        {.name = "vdi ls",
         .summary = "list disks with their real use and their users",
         .schema = "xvm.vdi.ls/1",
         .formats = list_formats,
         .columns = columns,
         .examples = {{"xvm vdi ls --sr 'shared storage'", "What fills an SR"}},
         .completes = {"VDI", "SR", "CONTEXT", "HOST"}},
        declare_ls, run_ls);
}

Verb vdi_orphans_verb()
{
    return cli::make_verb<Globals, OrphanOptions>(
        {.name = "vdi orphans",
         .summary = "list disks that no VM has",
         .schema = "xvm.vdi.orphans/1",
         .formats = list_formats,
         .columns = columns,
         .examples = {{"xvm vdi orphans --json", "What could be freed"}},
         .completes = {"SR", "CONTEXT", "HOST"}},
        declare_orphans, run_orphans);
}

Verb vdi_who_verb()
{
    return cli::make_verb<Globals, WhoOptions>(
        {.name = "vdi who",
         .summary = "say who holds a disk",
         .schema = "xvm.vdi.who/1",
         .formats = list_formats,
         .columns = who_columns,
         .examples = {{"xvm vdi who web1/0", "Behind VDI_IN_USE"}},
         .completes = {"VDI", "CONTEXT", "HOST"}},
        declare_who, run_who);
}

} // namespace xvm
