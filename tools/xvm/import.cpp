// SPDX-License-Identifier: GPL-3.0-or-later
// xvm import: an XVA from a file, a pipe or a URL becomes a VM; the answer is its uuid.
#include "pool_view.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/lab/mark.hpp>
#include <xenlab/transfer/import.hpp>
#include <xenlab/transport/http_source.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace xvm {
namespace {

struct Options {
    std::string source, sr, name;
    std::vector<std::string> networks;
    std::chrono::milliseconds patience{std::chrono::minutes(5)};
    bool keep_mac = false, start = false, repair = false, dry_run = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("FILE", o.source, "An XVA: a file, - for standard input, or an http(s) URL")
        .required();
    set.add_option("--sr", o.sr, "Where its disks go (default: the default SR of the pool)")
        .type_name("SR");
    set.add_option("--map-network", o.networks,
                   "Connect what was on network OLD to NEW (may be repeated)")
        .type_name("OLD=NEW")
        .one_at_a_time();
    set.add_option("--name", o.name, "Call the VM so").type_name("NAME");
    set.add_flag("--keep-mac", o.keep_mac, "Keep the MAC addresses and the uuid of the archive");
    set.add_flag("--start", o.start, "Start it");
    set.add_flag("--repair", o.repair,
                 "Complete records that lack what a host demands, with harmless values");
    set.add_flag("-n,--dry-run", o.dry_run, "Only check whether it could be imported");
    set.add_duration("--patience", o.patience,
                     "Give up when neither data nor the server's task moves for so long (5m)");
}

bool is_url(const std::string& name)
{
    return name.starts_with("http://") || name.starts_with("https://");
}

std::unique_ptr<io::ByteSource> open_archive(const Options& o, const cli::Context& context)
{
    if (is_url(o.source))
        return transport::open_http(o.source, {}, context.stop);
    return io::open_source(o.source, context.stop);
}

std::string shown(const Options& o)
{
    return o.source == "-"    ? "standard input"
           : is_url(o.source) ? text::printable(transport::without_credentials(o.source))
                              : text::printable(o.source);
}

/// Of a file that can be read twice, whether it is whole, and how much it holds.
std::optional<std::uint64_t> look_through(const Options& o, io::Compression compression,
                                          const cli::Context& context)
{
    if (o.source == "-" || is_url(o.source) || compression != io::Compression::none)
        return std::nullopt;
    io::FdSource file(io::open_file(o.source, 0), o.source, context.stop);
    if (!file.can_seek())
        return std::nullopt;
    return transfer::check_whole(file);
}

void map_networks(PoolView& view, const Options& o, transfer::Document& document)
{
    for (const std::string& pair : o.networks) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Error(Errc::usage, fmt::format("{} is not OLD=NEW", text::quoted(pair)));
        const auto& network = pick_one<xapi::Network>(view, "network", pair.substr(equals + 1));
        // A host finds it by its name, which need not be the only one of its kind.
        std::size_t same = 0;
        for (const auto& other : view.all<xapi::Network>())
            same += other.record.name_label == network.record.name_label ? 1U : 0U;
        if (same > 1)
            throw Error(Errc::ambiguous,
                        fmt::format("the pool has several networks {}, and an import finds them "
                                    "by name",
                                    text::quoted(network.record.name_label)));
        document.rename_network(pair.substr(0, equals), network.record.name_label);
    }
}

void set_up(lab::Pool& pool, const xapi::Ref<xapi::Vm>& vm, const Options& o,
            const cli::Context& context)
{
    xapi::Session& session = pool.session();
    const auto record = session.get_record(vm);
    if (record.other_config.contains(lab::mark_key)) // of the run that exported it
        session.call("VM.remove_from_other_config",
                     {value(vm), xmlrpc::Value(std::string(lab::mark_key))});
    if (!o.name.empty())
        session.call("VM.set_name_label", {value(vm), xmlrpc::Value(o.name)});
    if (o.start)
        run_task(pool, context, "VM.start",
                 {value(vm), xmlrpc::Value(false), xmlrpc::Value(false)});
}

void print(lab::Pool& pool, const std::vector<xapi::Ref<xapi::Vm>>& vms, cli::Context& context)
{
    nlohmann::ordered_json items = nlohmann::ordered_json::array();
    for (const auto& vm : vms) {
        const auto record = pool.session().get_record(vm);
        if (context.shared.format == cli::Format::ids)
            context.out().write(record.uuid + "\n");
        else
            items.push_back({{"name", record.name_label}, {"uuid", record.uuid}});
    }
    if (context.shared.format == cli::Format::json)
        context.write_json({{"schema", "xvm.import/1"}, {"items", items}});
    context.out().flush();
}

int import(lab::Pool& pool, const Options& o, cli::Context& context)
{
    PoolView view(pool);
    transfer::Incoming incoming(open_archive(o, context));
    transfer::Document document = incoming.document();
    transfer::Requirements wanted{.keep_identity = o.keep_mac};
    wanted.data = look_through(o, incoming.compression(), context);
    if (!o.sr.empty())
        wanted.sr = pick_one<xapi::Sr>(view, "SR", o.sr).ref;
    map_networks(view, o, document);
    const std::size_t added = o.repair ? document.complete() : 0;
    if (added > 0)
        context.note(fmt::format("{}: completing {} fields", shown(o), added));
    const bool edited = added > 0 || !o.networks.empty();
    if (edited)
        document = transfer::Document(document.text()); // as the server will see it
    transfer::check_requirements(pool, document, wanted);
    if (document.metadata().vms.size() != 1 && !o.name.empty())
        throw Error(Errc::usage, fmt::format("--name is for one VM, but the archive has {}",
                                             document.metadata().vms.size()));
    if (o.dry_run) {
        context.note(fmt::format("{}: can be imported", shown(o)));
        return 0;
    }
    cli::Progress progress(context, o.name.empty() && !document.metadata().vms.empty()
                                        ? document.metadata().vms.front()
                                        : o.name);
    const transfer::ImportOptions options{
        .sr = wanted.sr,
        .keep_identity = o.keep_mac,
        .patience = o.patience,
        .progress = [&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); },
        .note =
            [&](std::string_view words) { context.note(fmt::format("{}: {}", shown(o), words)); }};
    const auto vms = transfer::import_vm(
        pool, shown(o), edited ? incoming.with_document(document) : incoming.bytes(), options);
    progress.done();
    for (const auto& vm : vms) {
        try {
            set_up(pool, vm, o, context);
        } catch (const Error&) {
            print(pool, vms, context); // it is there, and the caller must be able to find it
            throw;
        }
    }
    print(pool, vms, context);
    return 0;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Pool& pool = pools.single();
    return with_names(pool, [&] {
        try {
            return import(pool, o, context);
        } catch (const xapi::Fault&) {
            throw;
        } catch (const Error& error) {
            if (error.code() != Errc::bad_data)
                throw;
            throw error.within(shown(o));
        }
    });
}

} // namespace

Verb import_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "import",
         .summary = "make a VM from an XVA archive; prints its uuid",
         .schema = "xvm.import/1",
         .formats = {cli::Format::ids, cli::Format::json},
         .progress_option = true,
         .timeout_option = true,
         .examples = {{"xvm import web1.xva --name web2 --start", "Another VM from an archive"},
                      {"xvm export web1 -o - | xvm import - --name web3", "Through a pipe"}},
         .completes = {"SR", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
