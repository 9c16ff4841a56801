// SPDX-License-Identifier: GPL-3.0-or-later
// xvm sr create: storage for a pool, from a URL. It looks before it creates, because for some
// drivers to create means to format.
#include "listing.hpp"
#include "sr_storage.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {
namespace {

struct Options {
    StorageOptions storage;
    std::string name, description, reattach;
    ChangeOptions change;
};

void declare(cli::OptionSet& set, Options& o)
{
    declare_storage_options(set, o.storage);
    set.add_option("--name", o.name, "What to call it (default: kind and place)").type_name("NAME");
    set.add_option("--description", o.description, "Words about it").type_name("TEXT");
    set.add_option("--reattach", o.reattach,
                   "Take this SR that is there already, with its disks, instead of making one")
        .type_name("UUID");
    declare_change_options(set, o.change, true);
}

/// An SR of this pool on the same storage.
const xapi::Object<xapi::Sr>* same_storage(PoolView& view, const lab::StorageSource& source)
{
    const auto wanted = lab::storage_identity(source.device_config);
    for (const auto& pbd : view.all<xapi::Pbd>()) {
        const xapi::Sr* sr = view.find(pbd.record.SR);
        if (sr == nullptr || sr->type != source.driver || sr->content_type != source.content_type ||
            lab::storage_identity(pbd.record.device_config) != wanted)
            continue;
        for (const auto& known : view.all<xapi::Sr>())
            if (known.ref == pbd.record.SR)
                return &known;
    }
    return nullptr;
}

/// Refuses to format storage that holds SRs; says what else was found.
void look_first(lab::Pool& pool, const xapi::Ref<xapi::Host>& host,
                const lab::StorageSource& source, const Options& o, const cli::Context& context)
{
    if (!source.can_probe)
        return;
    std::vector<std::string> uuids;
    for (const lab::ProbeItem& item : probe(pool, host, source))
        if (item.kind == "SR")
            uuids.push_back(text::printable(item.value("UUID")));
    const bool there = std::find(uuids.begin(), uuids.end(), o.reattach) != uuids.end();
    if (!o.reattach.empty()) {
        if (!there)
            throw Error(Errc::not_found,
                        fmt::format("there is no SR {} there", text::quoted(o.reattach)),
                        uuids.empty() ? "the storage holds no SR"
                                      : fmt::format("there are: {}", fmt::join(uuids, ", ")));
    } else if (!uuids.empty() && source.formats) {
        throw Error(Errc::precondition,
                    fmt::format("the storage holds an SR already ({}), which would be wiped",
                                fmt::join(uuids, ", ")),
                    "take it as it is with --reattach UUID");
    } else if (!uuids.empty()) {
        context.note(
            fmt::format("the storage also holds {}; they are left alone", fmt::join(uuids, ", ")));
    }
}

xapi::Ref<xapi::Sr> create(lab::Pool& pool, const xapi::Ref<xapi::Host>& host,
                           const lab::StorageSource& source, const Options& o,
                           const std::string& name, const cli::Context& context)
{
    return xapi::Ref<xapi::Sr>(
        run_task(pool, context, "SR.create",
                 {value(host), map_value(source.device_config), xmlrpc::Value(std::int64_t{0}),
                  xmlrpc::Value(name), xmlrpc::Value(o.description), xmlrpc::Value(source.driver),
                  xmlrpc::Value(source.content_type), xmlrpc::Value(source.shared),
                  xmlrpc::Value(xmlrpc::Struct{})}));
}

/// SR.introduce and a PBD for each host: nothing on the storage is changed.
xapi::Ref<xapi::Sr> reattach(PoolView& view, const xapi::Ref<xapi::Host>& host,
                             const lab::StorageSource& source, const Options& o,
                             const std::string& name)
{
    xapi::Session& session = view.pool().session();
    const xapi::Ref<xapi::Sr> sr(
        session
            .call("SR.introduce",
                  {xmlrpc::Value(o.reattach), xmlrpc::Value(name), xmlrpc::Value(o.description),
                   xmlrpc::Value(source.driver), xmlrpc::Value(source.content_type),
                   xmlrpc::Value(source.shared), xmlrpc::Value(xmlrpc::Struct{})})
            .as_scalar()
            .value_or(""));
    std::vector<xmlrpc::Value> pbds;
    try {
        for (const auto& each : view.all<xapi::Host>()) {
            if (!source.shared && each.ref != host)
                continue;
            xmlrpc::Struct record;
            record.emplace("host", value(each.ref));
            record.emplace("SR", value(sr));
            record.emplace("device_config", map_value(source.device_config));
            record.emplace("other_config", xmlrpc::Value(xmlrpc::Struct{}));
            pbds.push_back(session.call("PBD.create", {xmlrpc::Value(std::move(record))}));
        }
    } catch (const Error&) {
        for (const xmlrpc::Value& pbd : pbds)
            session.clean_up("PBD.destroy", {pbd});
        session.clean_up("SR.forget", {value(sr)});
        throw;
    }
    return sr;
}

/// Creating a shared SR succeeds even when a host cannot reach it (xapi.md 3.3); each such host is
/// tried once more for its reason. Returns the words for those that did not work.
std::string plug_all(PoolView& view, const xapi::Ref<xapi::Sr>& sr, const cli::Context& context,
                     std::size_t& plugged)
{
    std::string failed;
    for (const auto& pbd :
         view.pool().session().get_all<xapi::Pbd>(fmt::format("field \"SR\" = \"{}\"", sr.str()))) {
        try {
            if (!pbd.record.currently_attached)
                run_task(view.pool(), context, "PBD.plug", {value(pbd.ref)});
            ++plugged;
        } catch (const xapi::Fault& fault) {
            failed += fmt::format("{}{}: {}", failed.empty() ? "" : "; ",
                                  text::printable(view.name(pbd.record.host)),
                                  view.pool().session().explained(fault).what());
        }
    }
    return failed;
}

Done make(PoolView& view, lab::StorageSource& source, const Options& o, const std::string& name,
          std::string& uuid, cli::Context& context)
{
    lab::Pool& pool = view.pool();
    if (const auto* same = same_storage(view, source)) {
        uuid = same->record.uuid;
        return {.skipped = true,
                .message =
                    fmt::format("it is the SR {} already", text::quoted(same->record.name_label))};
    }
    const auto host = host_for(view, source, o.storage);
    if (o.change.dry_run) {
        // A driver that wants a password is not asked: the password would have to be stored.
        const bool looked = source.can_probe && !wants_secret(source, o.storage);
        if (looked)
            look_first(pool, host, source, o, context);
        return {.message = fmt::format(
                    "would {} an SR of type {} on {}{}", o.reattach.empty() ? "create" : "take",
                    source.driver, source.shared ? "every host" : text::printable(view.name(host)),
                    looked ? "; the storage answers" : "; not looked at")};
    }
    if (source.formats && o.reattach.empty())
        confirm(o.change, context,
                fmt::format("format {} as an SR", text::printable(o.storage.url)));
    StorageSecret secret(pool, source, o.storage, context.stop);
    look_first(pool, host, source, o, context);
    const auto sr = o.reattach.empty() ? create(pool, host, source, o, name, context)
                                       : reattach(view, host, source, o, name);
    secret.keep();
    std::size_t plugged = 0;
    const std::string failed = plug_all(view, sr, context, plugged);
    uuid = pool.session().call("SR.get_uuid", {value(sr)}).as_scalar().value_or("");
    if (source.content_type == "iso")
        pool.session().call("SR.add_to_other_config",
                            {value(sr), xmlrpc::Value("auto-scan"), xmlrpc::Value("true")});
    if (plugged > 0)
        run_task(pool, context, "SR.scan", {value(sr)});
    if (!failed.empty())
        throw Error(
            Errc::failed, fmt::format("created, but not attached everywhere: {}", failed),
            "VMs cannot use it on these hosts; when that is mended, restart their toolstack");
    return {.message = fmt::format("attached to {} host{}", plugged, plugged == 1 ? "" : "s")};
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (!o.reattach.empty() && !lab::is_uuid(o.reattach))
        throw Error(Errc::usage, "--reattach takes a whole uuid");
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    lab::StorageSource source = storage_of(o.storage, false);
    PoolView view(pool);
    const std::string name = o.name.empty() ? source.default_name : o.name;
    std::string uuid;
    Rows rows(context, "xvm.sr.create/1", o.change);
    rows.run(pool, name, uuid, [&] { return make(view, source, o, name, uuid, context); });
    return rows.finish();
}

} // namespace

Verb sr_create_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "sr create",
         .summary = "make an SR from a URL, after a look at what is there",
         .schema = "xvm.sr.create/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm sr create nfs 10.20.30.40:/srv/more --dry-run",
                       "Look whether it would work"}},
         .completes = {"HOST", "CONTEXT"}},
        declare, run);
}

} // namespace xvm
