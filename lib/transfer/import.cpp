// SPDX-License-Identifier: GPL-3.0-or-later
#include "streams.hpp"
#include "upload.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/io/decompress.hpp>
#include <xenlab/transfer/import.hpp>
#include <xenlab/xva/verify.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::transfer {
namespace {

/// Leaves the verifier, which reports damage but goes on; no Error, because it would take that for
/// damage, too.
struct GiveUp {
    std::optional<xva::Problem> problem; ///< none: the server has ended the connection
};

/// Reads the archive to its end and gives every byte to `send`. Throws GiveUp.
void verify_and_send(std::unique_ptr<io::ByteSource> archive, Upload& upload,
                     const ImportOptions& options, std::uint64_t& data, std::uint64_t& total,
                     const std::function<void()>& moved)
{
    auto peek = std::make_unique<io::PeekSource>(
        std::make_unique<TeeSource>(std::move(archive), [&](std::span<const std::byte> bytes) {
            upload.write(bytes);
            if (upload.ended())
                throw GiveUp{};
        }));
    const io::Compression compression = io::detect_compression(peek->peek(4));
    std::unique_ptr<io::ByteSource> plain = std::move(peek);
    if (compression != io::Compression::none)
        plain = io::decompress(std::move(plain), compression);
    xva::VerifyEvents events;
    events.metadata = [&](const xva::Metadata& m) { total = m.total_virtual_size(); };
    events.data = [&](std::size_t, std::uint64_t, std::span<const std::byte> bytes) {
        data += bytes.size();
        moved();
    };
    events.problem = [&](const xva::Problem& problem) {
        if (problem.host_refuses)
            throw GiveUp{problem};
        if (options.note)
            options.note(problem.message);
    };
    xva::verify(std::move(plain), {.keep_going = true}, events);
}

std::vector<xapi::Ref<xapi::Vm>> vms_of(const xmlrpc::Value& result)
{
    std::vector<xapi::Ref<xapi::Vm>> vms;
    if (const xmlrpc::Array* all = result.if_array())
        for (const xmlrpc::Value& ref : *all)
            vms.emplace_back(ref.as_scalar().value_or(""));
    else
        vms.emplace_back(result.as_scalar().value_or(""));
    if (vms.empty() ||
        std::any_of(vms.begin(), vms.end(), [](const auto& vm) { return vm.null(); }))
        throw Error(Errc::failed, "the server imported something, but does not say what");
    return vms;
}

xapi::TransferRequest request_for(const ImportOptions& options, std::optional<std::uint64_t> length)
{
    xapi::TransferRequest request;
    request.path = "/import";
    request.content_length = length;
    if (options.sr)
        request.query.emplace_back("sr_id", options.sr.str());
    if (options.keep_identity)
        request.query.emplace_back("restore", "true");
    return request;
}

} // namespace

std::vector<xapi::Ref<xapi::Vm>> import_vm(lab::Pool& pool, const std::string& name,
                                           std::unique_ptr<io::ByteSource> archive,
                                           const ImportOptions& options)
{
    Task task(pool, "import", name);
    Watchdog watchdog(pool.session(), task.ref(), options.patience);
    std::uint64_t data = 0, total = 0, shown = 0;
    double served = 0; // by the task
    const auto report = [&] {
        if (!options.progress || total == 0)
            return;
        const auto passed =
            static_cast<std::uint64_t>(std::clamp(served, 0.0, 1.0) * static_cast<double>(total));
        shown = std::max({shown, std::min(data, total), passed});
        options.progress(shown, total);
    };
    {
        Upload upload(pool, request_for(options, archive->total()), task, watchdog);
        try {
            verify_and_send(std::move(archive), upload, options, data, total, report);
            upload.finish();
        } catch (const GiveUp& reason) {
            if (reason.problem)
                throw Error(Errc::bad_data,
                            fmt::format("the archive is damaged: {}", reason.problem->message),
                            "nothing was imported; xva-verify shows all damage");
        }
        // A server that has closed has decided, or is gone.
        const auto patience =
            upload.ended()
                ? std::min<std::chrono::milliseconds>(options.patience, std::chrono::minutes(1))
                : options.patience;
        const auto result = task.verdict(patience, [&](double fraction) {
            served = fraction;
            report();
        });
        return vms_of(result);
    }
}

} // namespace xenlab::transfer
