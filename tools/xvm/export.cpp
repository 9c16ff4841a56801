// SPDX-License-Identifier: GPL-3.0-or-later
// xvm export: VMs as XVA archives, each proven while it streams; to a file, to a folder, or to
// standard output.
#include "export_files.hpp"
#include "progress_board.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/base/thread_pool.hpp>
#include <xenlab/io/zstd_sink.hpp>
#include <xenlab/transfer/export.hpp>
#include <xenlab/transfer/temporary_snapshot.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
    std::string output, zstd = "none";
    std::optional<std::uint64_t> buffer;
    std::chrono::milliseconds patience{std::chrono::minutes(5)};
    bool halted = false, overwrite = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_option("-o,--output", o.output, "A file, a folder, or - for standard output")
        .type_name("FILE")
        .required();
    set.add_choice("--zstd", o.zstd, {"none", "local", "server"},
                   "Compress: here, with all processors, or on the server (default: none)");
    set.add_flag("--halted", o.halted, "Refuse VMs that run instead of exporting a snapshot");
    set.add_flag("--overwrite", o.overwrite, "Replace files that exist");
    set.add_size("--buffer", o.buffer,
                 "What is kept for a slow reader (default: 8M for files, 32M for a pipe)");
    set.add_duration("--patience", o.patience,
                     "Give up when neither data nor the server's task moves for so long (5m)");
    declare_batch_options(set, o.batch);
}

/// The archive of one VM into `out`, which is finished when all is well.
transfer::Exported export_to(Job& job, io::ByteSink& out, const Options& o, std::size_t buffer,
                             ProgressBoard& board)
{
    if (job.refresh().power_state == "Running" || job.record().power_state == "Paused") {
        if (o.halted)
            throw Error(Errc::precondition,
                        fmt::format("is {}", text::to_lower(job.record().power_state)),
                        "without --halted a snapshot of it is exported");
    }
    job.wait_until_free();
    const bool live = job.record().power_state == "Running" || job.record().power_state == "Paused";
    std::optional<transfer::TemporarySnapshot> snapshot;
    const xapi::Object<xapi::Vm> vm{job.vm.ref, job.record()};
    if (live)
        snapshot.emplace(*job.vm.pool, vm, job.deadline);
    ProgressBoard::Line line(board, job.vm.label());
    transfer::ExportOptions options;
    options.compression = o.zstd == "server" ? "zstd" : "";
    options.buffer = buffer;
    options.patience = o.patience;
    options.progress = [&](std::uint64_t done, std::uint64_t total) { line.update(done, total); };
    options.note = [&](std::string_view words) { job.note(words); };
    if (snapshot)
        options.started = [&] { snapshot->mark(); };
    const auto exported = transfer::export_vm(
        *job.vm.pool, snapshot ? xapi::Object<xapi::Vm>{snapshot->ref(), snapshot->record()} : vm,
        out, options);
    out.finish();
    if (snapshot) {
        try {
            snapshot->remove();
        } catch (const Error& error) {
            job.note(
                fmt::format("the archive is good, but its snapshot is left: {}", error.what()));
        }
    }
    return exported;
}

transfer::Exported export_compressed(Job& job, io::ByteSink& out, const Options& o,
                                     std::size_t buffer, ProgressBoard& board)
{
    if (o.zstd != "local")
        return export_to(job, out, o, buffer, board);
    io::ZstdSink zstd(out, {.threads = ThreadPool::available_cpus()});
    return export_to(job, zstd, o, buffer, board);
}

int export_to_stdout(lab::VmTarget& vm, const Options& o, cli::Context& context)
{
    ProgressBoard board(context);
    Job job(vm, o.batch, std::chrono::hours(24), context);
    if (job.dry_run) {
        job.note("would export it to standard output");
        return 0;
    }
    io::ByteSink& out = context.out(cli::Context::Content::binary);
    return with_names(*vm.pool, [&] {
        export_compressed(job, out, o, o.buffer.value_or(32U << 20U), board);
        return 0;
    });
}

Row export_to_file(Job& job, const std::string& path, const Options& o, ProgressBoard& board)
{
    check_target(path, o.overwrite);
    if (job.dry_run)
        return ok(fmt::format("would export to {}", text::printable(path)));
    transfer::Exported exported;
    {
        io::FileSink file(path);
        exported = export_compressed(job, file, o, o.buffer.value_or(8U << 20U), board);
    }
    return ok(fmt::format("{} in {}", text::human_size(exported.bytes), text::printable(path)));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.batch.no_wait)
        throw Error(Errc::usage,
                    "the data passes through xvm, which --no-wait cannot leave behind");
    lab::Pools pools = open_pools(globals, context);
    auto resolved = lab::resolve(pools, o.targets, lab::Many::some, context.stop);
    if (o.output == "-") {
        if (resolved.vms.size() != 1 || !resolved.failed.empty())
            throw Error(Errc::usage, "only one VM can go to standard output",
                        "give a folder with -o FOLDER/");
        return export_to_stdout(resolved.vms.front(), o, context);
    }
    const ExportFiles files(o.output, o.zstd == "none" ? ".xva" : ".xva.zst", resolved.vms);
    ProgressBoard board(context);
    const BatchSpec spec{
        .schema = "xvm.export/1", .parallel = 2, .timeout = std::chrono::hours(24 * 7)};
    return run_vms(
        std::move(resolved), o.batch, spec,
        [&](Job& job) { return export_to_file(job, files.path_of(job.vm), o, board); }, context);
}

} // namespace

Verb export_verb()
{
    auto info =
        batch_info("export", "save VMs as XVA archives, verified while they stream", "xvm.export/1",
                   {{"xvm export 'web*' -o backup/", "A file each, two at a time"},
                    {"xvm export web1 -o - | zstd -T0 > web1.xva.zst",
                     "Through a pipe; a reader that is slow does not break the export"}});
    info.progress_option = true;
    return cli::make_verb<Globals, Options>(std::move(info), declare, run);
}

} // namespace xvm
