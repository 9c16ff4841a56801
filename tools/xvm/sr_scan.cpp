// SPDX-License-Identifier: GPL-3.0-or-later
// xvm sr scan and forget.
#include "listing.hpp"
#include "pool_view.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace xvm {
namespace {

struct Options {
    std::vector<std::string> srs;
    ChangeOptions change;
};

void declare_srs(cli::OptionSet& set, Options& o)
{
    set.add_option("SR", o.srs, "SRs: name, uuid, start of a uuid, 'glob*', - for a list")
        .type_name("SR")
        .required();
}

void declare_scan(cli::OptionSet& set, Options& o)
{
    declare_srs(set, o);
    declare_parallel_changes(set, o.change, false);
}

void declare_forget(cli::OptionSet& set, Options& o)
{
    declare_srs(set, o);
    declare_parallel_changes(set, o.change, true);
}

std::set<std::string> vdis_in(lab::Pool& pool, const xapi::Ref<xapi::Sr>& sr)
{
    std::set<std::string> refs;
    for (const auto& ref : pool.session().get_record(sr).VDIs)
        refs.insert(ref.str());
    return refs;
}

std::size_t missing_from(const std::set<std::string>& all, const std::set<std::string>& others)
{
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const auto& ref) { return !others.contains(ref); }));
}

int run_scan(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    Changes changes(context, "xvm.sr.scan/1", o.change);
    for (const auto* sr : pick<xapi::Sr>(view, "SR", o.srs, context.stop))
        changes.add(pool, sr->record.name_label, sr->record.uuid, [&, sr]() -> Done {
            if (o.change.dry_run)
                return {.message = "would scan it"};
            const auto before = vdis_in(pool, sr->ref);
            run_task(pool, context, "SR.scan", {value(sr->ref)});
            const auto after = vdis_in(pool, sr->ref);
            return {.message =
                        fmt::format("{} VDIs, {} new, {} gone", after.size(),
                                    missing_from(after, before), missing_from(before, after))};
        });
    return changes.run();
}

/// Throws Error{precondition} that names the VMs whose disks in the SR are attached.
void refuse_used(PoolView& view, const xapi::Object<xapi::Sr>& sr)
{
    std::set<std::string> users;
    for (const auto& ref : sr.record.VDIs)
        if (const xapi::Vdi* vdi = view.find(ref))
            for (const auto& vbd_ref : vdi->VBDs)
                if (const xapi::Vbd* vbd = view.find(vbd_ref);
                    vbd != nullptr && vbd->currently_attached)
                    users.insert(text::printable(view.name(vbd->VM)));
    if (!users.empty())
        throw Error(Errc::precondition,
                    fmt::format("disks in it are attached to {}", fmt::join(users, ", ")),
                    "halt these VMs, or eject their CDs");
}

/// Unplugs it from every host, and plugs it in again where that was done if not all can be done.
void unplug_all(PoolView& view, const xapi::Object<xapi::Sr>& sr, const cli::Context& context)
{
    std::vector<xapi::Ref<xapi::Pbd>> unplugged;
    try {
        for (const auto& ref : sr.record.PBDs) {
            const xapi::Pbd* pbd = view.find(ref);
            if (pbd == nullptr || !pbd->currently_attached)
                continue;
            run_task(view.pool(), context, "PBD.unplug", {value(ref)});
            unplugged.push_back(ref);
        }
        run_task(view.pool(), context, "SR.forget", {value(sr.ref)});
    } catch (const Error&) {
        for (const auto& ref : unplugged)
            view.pool().session().clean_up("PBD.plug", {value(ref)});
        throw;
    }
}

int run_forget(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    const auto srs = pick<xapi::Sr>(view, "SR", o.srs, context.stop);
    std::vector<std::string> names;
    for (const auto* sr : srs)
        names.push_back(text::quoted(sr->record.name_label));
    confirm(o.change, context,
            fmt::format("forget {} (its data is kept; VMs lose their disks in it)",
                        fmt::join(names, ", ")));
    Changes changes(context, "xvm.sr.forget/1", o.change);
    for (const auto* sr : srs)
        changes.add(pool, sr->record.name_label, sr->record.uuid, [&, sr]() -> Done {
            refuse_used(view, *sr);
            if (o.change.dry_run)
                return {.message = fmt::format("would unplug it from {} host(s) and forget it",
                                               sr->record.PBDs.size())};
            unplug_all(view, *sr, context);
            return {.message =
                        "forgotten; its data is kept: xvm sr create --reattach " + sr->record.uuid};
        });
    return changes.run();
}

} // namespace

Verb sr_scan_verb()
{
    return cli::make_verb<Globals, Options>(
        change_info("SR", "sr scan", "have SRs look for new and vanished disks and ISOs",
                    "xvm.sr.scan/1", {"xvm sr scan 'ISO library'", "After a file was put there"}),
        declare_scan, run_scan);
}

Verb sr_forget_verb()
{
    return cli::make_verb<Globals, Options>(
        change_info("SR", "sr forget", "take SRs from the pool and keep what is on them",
                    "xvm.sr.forget/1",
                    {"xvm sr forget 'Local storage 2' --dry-run", "Whether it could be done now"}),
        declare_forget, run_forget);
}

} // namespace xvm
