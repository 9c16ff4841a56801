// SPDX-License-Identifier: GPL-3.0-or-later
// xvm vdi release, resize and rm.
#include "listing.hpp"
#include "rows.hpp"
#include "vdi_holders.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace xvm {
namespace {

struct Options {
    std::vector<std::string> vdis;
    ChangeOptions change;
};

void declare_vdis(cli::OptionSet& set, Options& o)
{
    set.add_option("VDI", o.vdis,
                   "Disks: name, uuid, start of a uuid, 'glob*', VM/DEVICE, - for a list")
        .type_name("VDI")
        .required();
}

// -- vdi release ------------------------------------------------------------------------------

void declare_release(cli::OptionSet& set, Options& o)
{
    declare_vdis(set, o);
    declare_parallel_changes(set, o.change, false);
}

Done release(PoolView& view, const xapi::Object<xapi::Vdi>& vdi, const Options& o,
             const cli::Context& context)
{
    std::vector<Holder> stale;
    for (const Holder& holder : holders(view, vdi)) {
        if (holder.dom0 && !holder.stale)
            throw Error(Errc::precondition, holder.why,
                        "wait for it, or cancel the task: xvm task");
        if (!holder.dom0 && holder.vbd->currently_attached)
            throw Error(
                Errc::precondition,
                fmt::format("{} {}", holder.why,
                            holder.vm == nullptr ? "" : text::quoted(holder.vm->name_label)),
                "halt that VM, or xvm disk rm");
        if (holder.dom0)
            stale.push_back(holder);
    }
    if (stale.empty())
        return {.skipped = true, .message = "no control domain holds it"};
    if (o.change.dry_run)
        return {.message = fmt::format("would take it from {}",
                                       text::printable(stale.front().vm->name_label))};
    for (const Holder& holder : stale)
        release_from_dom0(view.pool(), holder.vbd_ref, context);
    return {.message = fmt::format("taken from {}", text::printable(stale.front().vm->name_label))};
}

int run_release(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    Changes changes(context, "xvm.vdi.release/1", o.change);
    for (const auto* vdi : pick_vdis(view, o.vdis, context.stop))
        changes.add(pool, vdi->record.name_label, vdi->record.uuid,
                    [&, vdi] { return release(view, *vdi, o, context); });
    return changes.run();
}

// -- vdi resize -------------------------------------------------------------------------------

struct ResizeOptions : Options {
    std::string size;
};

void declare_resize(cli::OptionSet& set, ResizeOptions& o)
{
    o.vdis.resize(1);
    set.add_option("VDI", o.vdis.front(),
                   "Disks: name, uuid, start of a uuid, 'glob*', VM/DEVICE, - for a list")
        .type_name("VDI")
        .required();
    set.add_option("SIZE", o.size, "Its new size (20G), or what it grows by (+5G)")
        .type_name("SIZE")
        .required();
    declare_parallel_changes(set, o.change, false);
}

std::int64_t new_size(const xapi::Vdi& vdi, const std::string& text)
{
    const bool more = text.starts_with('+');
    const auto given = text::parse_size(more ? text.substr(1) : text);
    constexpr std::uint64_t most = 1ULL << 62U;
    if (!given || *given == 0 || *given > most)
        throw Error(Errc::usage, fmt::format("{} is not a size", text::quoted(text)),
                    "as in 20G or +5G");
    const auto size = static_cast<std::int64_t>(*given);
    return more ? vdi.virtual_size + size : size;
}

Done resize(PoolView& view, const xapi::Object<xapi::Vdi>& vdi, const ResizeOptions& o,
            const cli::Context& context)
{
    const std::int64_t before = vdi.record.virtual_size;
    const std::int64_t wanted = new_size(vdi.record, o.size);
    if (wanted == before)
        return {.skipped = true, .message = "it has that size"};
    if (wanted < before)
        throw Error(Errc::precondition,
                    fmt::format("it has {} bytes and cannot shrink to {}", before, wanted),
                    "storage managers refuse this: copy into a smaller disk instead");
    for (const Holder& holder : holders(view, vdi))
        if (holder.vbd->currently_attached)
            throw Error(Errc::precondition,
                        fmt::format("{}: {}",
                                    holder.vm == nullptr ? std::string("(gone)")
                                                         : text::quoted(holder.vm->name_label),
                                    holder.why),
                        "a disk grows only while it is detached: halt the VM");
    const std::string words =
        fmt::format("{} -> {}", text::human_size(static_cast<std::uint64_t>(before)),
                    text::human_size(static_cast<std::uint64_t>(wanted)));
    if (o.change.dry_run)
        return {.message = "would grow it, " + words};
    run_task(view.pool(), context, "VDI.resize", {value(vdi.ref), xmlrpc::Value(wanted)});
    return {.message = words + "; the filesystem in it is as before"};
}

int run_resize(const Globals& globals, const ResizeOptions& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    static_cast<void>(new_size({}, o.size)); // a word that is no size hits all of them
    Changes changes(context, "xvm.vdi.resize/1", o.change);
    for (const auto* vdi : pick_vdis(view, o.vdis, context.stop))
        changes.add(pool, vdi->record.name_label, vdi->record.uuid,
                    [&, vdi] { return resize(view, *vdi, o, context); });
    return changes.run();
}

// -- vdi rm -----------------------------------------------------------------------------------

void declare_rm(cli::OptionSet& set, Options& o)
{
    declare_vdis(set, o);
    declare_parallel_changes(set, o.change, true);
}

/// XAPI itself takes a few seconds to let go of a disk after an unplug (xen-orchestra#7826).
void destroy_with_patience(lab::Pool& pool, const xapi::Ref<xapi::Vdi>& vdi,
                           const cli::Context& context)
{
    constexpr int tries = 4;
    constexpr std::chrono::seconds pause{2};
    std::mutex mutex;
    std::condition_variable_any never;
    for (int attempt = 1;; ++attempt) {
        try {
            run_task(pool, context, "VDI.destroy", {value(vdi)});
            return;
        } catch (const xapi::Fault& fault) {
            const bool attached = [&] {
                for (const auto& ref : pool.session().get_record(vdi).VBDs)
                    if (pool.session().get_record(ref).currently_attached)
                        return true;
                return false;
            }();
            if (!fault.is("VDI_IN_USE") || attached || attempt == tries)
                throw;
        }
        std::unique_lock lock(mutex);
        never.wait_for(lock, context.stop, pause, [] { return false; });
        if (context.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
    }
}

Done remove(PoolView& view, const xapi::Object<xapi::Vdi>& vdi, const Options& o,
            const cli::Context& context)
{
    for (const Holder& holder : holders(view, vdi)) {
        if (holder.dom0 && holder.stale)
            throw Error(Errc::precondition, "a control domain holds it: " + holder.why,
                        "xvm vdi release first");
        throw Error(Errc::precondition,
                    fmt::format("{}: {}", holder.why,
                                holder.vm == nullptr ? std::string("(gone)")
                                                     : text::quoted(holder.vm->name_label)),
                    holder.dom0 ? "wait for it" : "xvm disk rm --delete takes it from that VM");
    }
    if (o.change.dry_run)
        return {.message = fmt::format("would delete {}",
                                       text::human_size(static_cast<std::uint64_t>(
                                           std::max<std::int64_t>(0, vdi.record.virtual_size))))};
    destroy_with_patience(view.pool(), vdi.ref, context);
    return {.message = "deleted"};
}

int run_rm(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    PoolView view(pool);
    const auto vdis = pick_vdis(view, o.vdis, context.stop);
    if (!vdis.empty())
        confirm(o.change, context,
                vdis.size() == 1 ? fmt::format("delete the disk {}",
                                               text::quoted(vdis.front()->record.name_label))
                                 : fmt::format("delete {} disks", vdis.size()));
    Changes changes(context, "xvm.vdi.rm/1", o.change);
    for (const auto* vdi : vdis)
        changes.add(pool, vdi->record.name_label, vdi->record.uuid,
                    [&, vdi] { return remove(view, *vdi, o, context); });
    return changes.run();
}

} // namespace

Verb vdi_release_verb()
{
    return cli::make_verb<Globals, Options>(
        change_info("VDI", "vdi release",
                    "take disks from control domains that hold them for nothing",
                    "xvm.vdi.release/1",
                    {"xvm vdi release vm007/0 --dry-run", "After an export that was interrupted"}),
        declare_release, run_release);
}

Verb vdi_resize_verb()
{
    return cli::make_verb<Globals, ResizeOptions>(
        change_info("VDI", "vdi resize", "make disks larger", "xvm.vdi.resize/1",
                    {"xvm vdi resize vm007/0 +5G --dry-run", "See how large it would be"}),
        declare_resize, run_resize);
}

Verb vdi_rm_verb()
{
    return cli::make_verb<Globals, Options>(
        change_info(
            "VDI", "vdi rm", "delete disks that nobody holds", "xvm.vdi.rm/1",
            {"xvm vdi orphans -q | xvm vdi rm - --dry-run --json", "What could be deleted"}),
        declare_rm, run_rm);
}

} // namespace xvm
