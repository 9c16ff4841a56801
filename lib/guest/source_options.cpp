// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/guest/source_options.hpp>

namespace xenlab::guest {

void declare_source(cli::OptionSet& options, SourceOptions& o)
{
    options
        .add_option("DISKSRC", o.source,
                    "XVA archive or raw disk (plain, gzip or zstd), VHD, qcow2, block device, "
                    "http(s) or nbd URL, or - for standard input")
        .required();
}

void declare_source_options(cli::OptionSet& options, SourceOptions& o, bool reads_only)
{
    options
        .add_option("--disk", o.disk,
                    "Only this disk: its number from 0, its reference, or all (default)")
        .type_name("N");
    if (reads_only)
        options.add_flag("--no-spool", o.no_spool,
                         "Fail rather than keep a stream in a temporary file ($TMPDIR)");
    options.add_size("--memory-limit", o.memory_limit,
                     "Most memory for the window of a zstd source (default 128M)");
}

SessionOptions session_options(const SourceOptions& o, const cli::Context& context,
                               cli::Progress& progress)
{
    SessionOptions session{.source = o.source, .disk = o.disk};
    const auto warn = [&context](const std::string& words) { context.warning(words); };
    session.open = {
        .window_limit = o.memory_limit, .timeout = context.shared.timeout, .stop = context.stop};
    session.open.warn = warn;
    session.open.detail = [&context](const std::string& words) { context.detail(words); };
    session.spool = {.allowed = !o.no_spool, .stop = context.stop};
    session.spool.progress = [&progress](std::uint64_t at) { progress.update(at, std::nullopt); };
    session.warn = warn;
    session.guest.note = [&context](const std::string& words) { context.note(words); };
    session.guest.detail = [&context](const std::string& words) { context.detail(words); };
    return session;
}

} // namespace xenlab::guest
