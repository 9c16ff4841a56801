// SPDX-License-Identifier: GPL-3.0-or-later
// xvm copy: a VM into another pool, through this machine: an export and an import at once, with a
// pipe between them. Inside of a pool the server copies by itself: xvm clone --full.
#include "batch.hpp"
#include "pool_view.hpp"
#include "rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/io/file_source.hpp>
#include <xenlab/transfer/export.hpp>
#include <xenlab/transfer/import.hpp>
#include <xenlab/transfer/temporary_snapshot.hpp>

#include <fmt/format.h>

#include <array>
#include <future>

#include <fcntl.h>
#include <unistd.h>

namespace xvm {
namespace {

struct Options {
    std::string vm, to, sr, name;
    std::chrono::milliseconds patience{std::chrono::minutes(5)};
    bool halted = false, start = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("VM", o.vm, "Name or uuid").required();
    set.add_option("--to", o.to, "The context of the other pool").type_name("CONTEXT").required();
    set.add_option("--sr", o.sr, "Where its disks go (default: the default SR of that pool)")
        .type_name("SR");
    set.add_option("--name", o.name, "Call the copy so").type_name("NAME");
    set.add_flag("--halted", o.halted, "Refuse a VM that runs instead of copying a snapshot");
    set.add_flag("--start", o.start, "Start the copy");
    set.add_duration("--patience", o.patience,
                     "Give up when neither data nor a server's task moves for so long (5m)");
}

struct Pipe {
    Pipe()
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            throw system_error(errno, "pipe");
        read = io::Fd(ends[0]);
        write = io::Fd(ends[1]);
    }
    io::Fd read, write;
};

/// Exports into the pipe; what goes wrong there is what went wrong, the other side only sees an
/// end too early.
std::exception_ptr export_into(const lab::VmTarget& vm, io::Fd pipe, const Options& o,
                               const transfer::ExportOptions& options)
{
    try {
        const xapi::Object<xapi::Vm> own{vm.ref, vm.record};
        std::optional<transfer::TemporarySnapshot> snapshot;
        if (vm.record.power_state == "Running" || vm.record.power_state == "Paused") {
            if (o.halted)
                throw Error(Errc::precondition, "it runs",
                            "without --halted a snapshot of it is copied");
            snapshot.emplace(*vm.pool, own, transport::deadline_in(std::chrono::minutes(30)));
        }
        transfer::ExportOptions marked = options;
        if (snapshot)
            marked.started = [&] { snapshot->mark(); };
        io::FdSink sink(pipe.get(), "the other pool");
        transfer::export_vm(
            *vm.pool, snapshot ? xapi::Object<xapi::Vm>{snapshot->ref(), snapshot->record()} : own,
            sink, marked);
        sink.finish();
        if (snapshot)
            snapshot->remove();
    } catch (const BrokenPipe&) { // the import says why
    } catch (...) {
        return std::current_exception();
    }
    return nullptr;
}

std::vector<xapi::Ref<xapi::Vm>> import_from(lab::Pool& pool, io::Fd pipe, const Options& o,
                                             const std::string& name, const cli::Context& context)
{
    transfer::Incoming incoming(
        std::make_unique<io::FdSource>(std::move(pipe), "the export", context.stop));
    transfer::Requirements wanted;
    PoolView view(pool);
    if (!o.sr.empty())
        wanted.sr = pick_one<xapi::Sr>(view, "SR", o.sr).ref;
    transfer::check_requirements(pool, incoming.document(), wanted);
    return transfer::import_vm(pool, name, incoming.bytes(),
                               {.sr = wanted.sr, .patience = o.patience});
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    const lab::VmTarget vm = lab::resolve_vm(pools, o.vm);
    lab::Pool& target = pools.named(o.to);
    cli::Progress progress(context, vm.label());
    transfer::ExportOptions options{.patience = o.patience};
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
        progress.update(done, total);
    };
    Pipe pipe;
    auto sending =
        std::async(std::launch::async, [&, end = std::make_shared<io::Fd>(std::move(pipe.write))] {
            return export_into(vm, std::move(*end), o, options);
        });
    std::vector<xapi::Ref<xapi::Vm>> made;
    std::exception_ptr failed;
    try {
        made = import_from(target, std::move(pipe.read), o, vm.record.name_label, context);
    } catch (...) {
        failed = std::current_exception(); // its end of the pipe is closed, so the export ends, too
    }
    const std::exception_ptr export_failed = sending.get();
    progress.done();
    if (export_failed)
        std::rethrow_exception(export_failed);
    if (failed)
        with_names(target, [&] { std::rethrow_exception(failed); });
    for (const auto& copy : made) {
        if (!o.name.empty())
            target.session().call("VM.set_name_label", {value(copy), xmlrpc::Value(o.name)});
        context.out().write(target.session().get_record(copy).uuid + "\n");
        context.out().flush();
        if (o.start)
            run_task(target, context, "VM.start",
                     {value(copy), xmlrpc::Value(false), xmlrpc::Value(false)});
    }
    return 0;
}

} // namespace

Verb copy_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "copy",
         .summary = "copy a VM into another pool; prints the uuid of the copy",
         .schema = "xvm.copy/1",
         .formats = {cli::Format::ids},
         .progress_option = true,
         .timeout_option = true,
         .completes = {"VM", "SR", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
