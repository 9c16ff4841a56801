// SPDX-License-Identifier: GPL-3.0-or-later
// xva-cat: copy files out of a guest's disk.
#include "copy.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/cli/tool.hpp>
#include <xenlab/guest/session.hpp>

#include <CLI/CLI.hpp>

namespace {

using namespace xenlab;
using xva_cat::Options;

void declare(CLI::App& app, Options& o)
{
    app.add_option("DISKSRC", o.source,
                   "XVA archive or disk image (plain, gzip or zstd), block device, http(s) URL, or "
                   "- for standard input")
        ->required();
    app.add_option("GPATH", o.paths,
                   "Path in the guest: /etc/fstab, C:/boot.ini, p2:/boot/grub.cfg, "
                   "vg0/root:/etc/hosts, C:/file:stream; *, ? and [...] match")
        ->required();
    auto* tar = app.add_flag("--tar", o.tar, "Write the files and folders as a tar archive");
    app.add_option("-x,--extract", o.extract,
                   "Copy the files and folders into this folder, which is made if need be")
        ->type_name("DIR")
        ->excludes(tar);
    app.add_option("--disk", o.disk, "Only this disk: its number from 0, or its reference")
        ->type_name("N");
    app.add_flag("--no-spool", o.no_spool,
                 "Fail rather than keep a stream in a temporary file ($TMPDIR)");
    cli::add_size(app, "--memory-limit", o.memory_limit,
                  "Most memory for the window of a zstd source (default 128M)");
}

int run(const Options& o, cli::Context& context)
{
    cli::Progress progress(context, "spooling");
    guest::SessionOptions session{.source = o.source, .disk = o.disk};
    session.open = {.window_limit = o.memory_limit,
                    .timeout = context.shared.timeout,
                    .stop = context.stop};
    session.spool = {.allowed = !o.no_spool, .stop = context.stop};
    session.spool.progress = [&](std::uint64_t at) { progress.update(at, std::nullopt); };
    session.warn = [&](const std::string& words) { context.warning(words); };
    session.guest.note = [&](const std::string& words) { context.note(words); };
    session.guest.detail = [&](const std::string& words) { context.detail(words); };
    guest::Session opened(session);
    progress.done();
    const int code = o.tar                ? xva_cat::write_tar(o, opened.guest(), context)
                     : !o.extract.empty() ? xva_cat::extract(o, opened.guest(), context)
                                          : xva_cat::concatenate(o, opened.guest(), context);
    return opened.damaged() ? exit_code(Errc::bad_data) : code;
}

const cli::ToolInfo info{
    .name = "xva-cat",
    .summary = "copy files out of a guest's disk or archive",
    .schema = "xva-cat/1",
    .output_option = true,
    .progress_option = true,
    .timeout_option = true,
    .examples = {{"xva-cat web1.xva p3:/many/f0001.txt | head -c 20",
                  "Look at the start of a file of the third partition"},
                 {"cat web1.xva.zst | xva-cat - 'p2:/many/f000*' | sha256sum",
                  "Files of a stream, which is kept in a temporary file meanwhile"},
                 {"xva-cat web1.xva --tar p2:/many | tar -t | wc -l", "Copy a tree as a tar archive"},
                 {"xva-cat web1.xva -x files 'p3:/many/f01*'", "Copy files into a folder"}},
    .exit_codes =
        {{0},
         {1, "A file could not be written, or was left out of -x or --tar for its kind or name."},
         {2},
         {3, "No such source, volume or path."},
         {4, "Several volumes could be meant."},
         {5},
         {6, "The volume or file cannot be read (encrypted, unsupported), or --no-spool forbids "
             "what is needed."},
         {7, "The source, a filesystem or a file is damaged."},
         {124},
         {130}},
};

} // namespace

int main(int argc, char** argv)
{
    return cli::run<Options>(argc, argv, info, declare, run);
}
