// SPDX-License-Identifier: GPL-3.0-or-later
#include "streams.hpp"
#include "verdict.hpp"
#include "weights.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/io/decompress.hpp>
#include <xenlab/io/prefetch.hpp>
#include <xenlab/transfer/export.hpp>
#include <xenlab/xva/verify.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::transfer {
namespace {

constexpr std::size_t buffer_piece = 256U << 10U;
constexpr std::chrono::seconds time_to_connect{60};
constexpr std::chrono::seconds time_for_reasons{10}; // a server that failed says so soon

std::unique_ptr<io::ByteSource> download(lab::Pool& pool, const xapi::Object<xapi::Vm>& vm,
                                         Task& task, Watchdog& watchdog,
                                         const ExportOptions& options)
{
    xapi::TransferRequest request;
    request.path = "/export";
    request.query = {{"ref", vm.ref.str()}};
    if (!options.compression.empty())
        request.query.emplace_back("use_compression", options.compression);
    request.task = task.ref();
    request.stop = watchdog.stop();
    auto open = xapi::start_transfer(pool.session(), std::move(request),
                                     transport::deadline_in(time_to_connect));
    task.begun();
    return io::prefetch(
        std::make_unique<DownloadSource>(std::move(open.stream), watchdog, options.started),
        buffer_piece, std::max<std::size_t>(2, options.buffer / buffer_piece));
}

/// An old host ignores what it does not know and sends the archive as it is (xapi.md 6).
void compare_compression(io::Compression found, const ExportOptions& options)
{
    const std::string_view got = found == io::Compression::none ? "" : io::name_of(found);
    if (options.note && got != options.compression)
        options.note(fmt::format("the server sends {} instead of {}",
                                 got.empty() ? "no compression" : got, options.compression));
}

xva::Report receive(std::unique_ptr<io::ByteSource> source, io::ByteSink& out, Weights& weights,
                    const ExportOptions& options, Exported& exported)
{
    auto peek = std::make_unique<io::PeekSource>(
        std::make_unique<TeeSource>(std::move(source), [&](std::span<const std::byte> data) {
            out.write(data);
            exported.bytes += data.size();
        }));
    const io::Compression compression = io::detect_compression(peek->peek(4));
    compare_compression(compression, options);
    std::unique_ptr<io::ByteSource> archive = std::move(peek);
    if (compression != io::Compression::none)
        archive = io::decompress(std::move(archive), compression);
    xva::VerifyEvents events;
    events.metadata = [&](const xva::Metadata& metadata) { weights.set_disks(metadata.disks); };
    if (options.progress)
        events.progress = [&](std::uint64_t position) {
            options.progress(weights.done(position), weights.total());
        };
    return xva::verify(std::move(archive), {}, events);
}

/// The archive is not good: because the server failed, or although it says it did not?
[[noreturn]] void fail(Task& task, const xva::Problem& problem, const Exported& exported)
{
    const auto fault = task.failure(time_for_reasons);
    if (fault && !fault->is("CLIENT_ERROR")) // that would be us, who have closed
        throw *fault;
    throw Error(Errc::bad_data,
                fmt::format("the server's archive is not good after {}: {}",
                            text::human_size(exported.bytes), problem.message),
                "nothing was kept; the server reported no failure");
}

} // namespace

Exported export_vm(lab::Pool& pool, const xapi::Object<xapi::Vm>& vm, io::ByteSink& out,
                   const ExportOptions& options)
{
    Weights weights(pool.session(), vm.record);
    Task task(pool, "export", vm.record.name_label);
    Watchdog watchdog(pool.session(), task.ref(), options.patience);
    Exported exported;
    xva::Report report;
    try {
        report =
            receive(download(pool, vm, task, watchdog, options), out, weights, options, exported);
    } catch (const Error& error) {
        // A refusal comes as a page, and its reason stands in the task.
        if (exported.bytes == 0 && error.code() == Errc::failed)
            if (const auto fault = task.failure(std::chrono::seconds(1)))
                throw *fault;
        throw;
    }
    if (!report.ok())
        fail(task, report.problems.front(), exported);
    task.verdict(std::min<std::chrono::milliseconds>(options.patience, std::chrono::minutes(2)));
    exported.disks = report.disks.size();
    for (const xva::DiskReport& disk : report.disks)
        exported.chunks += disk.chunks;
    return exported;
}

} // namespace xenlab::transfer
