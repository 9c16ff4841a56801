// SPDX-License-Identifier: GPL-3.0-or-later
// xva-put: write files into a guest's disk.
#include "changes.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/cli/tool.hpp>

#include <CLI/CLI.hpp>

namespace {

using namespace xenlab;
using xva_put::Options;

void declare(CLI::App& app, Options& o)
{
    app.add_option("DISKSRC", o.source,
                   "XVA archive or disk image, block device, http(s) URL, or - for standard input")
        ->required();
    app.add_option("LOCAL GPATH", o.items,
                   "A local file (- for standard input) and its path in the guest: /etc/fstab, "
                   "C:/boot.ini, p2:/boot/grub.cfg; a folder takes the local name; pairs repeat");
    app.add_option("--rm", o.remove, "Remove a file, link or empty folder of the guest first")
        ->type_name("GPATH")
        ->expected(1);
    app.add_option("--mkdir", o.make, "Make a folder in the guest before files are written")
        ->type_name("GPATH")
        ->expected(1);
    app.add_option("--mode", o.mode,
                   "Permissions of the files written, in octal (default: as they were, or 0644)")
        ->type_name("MODE");
    app.add_option("--backup", o.backup, "Keep the old content of each file under this suffix")
        ->type_name("SUFFIX");
    auto* output = app.add_option("-o,--output", o.output,
                                  "Write the whole changed disk or archive there (- for standard "
                                  "output); a file appears when it is complete")
                       ->type_name("FILE");
    app.add_flag("--in-place", o.in_place,
                 "Change the source itself, with an undo log meanwhile (xva-disk --undo)")
        ->excludes(output);
    app.add_flag("--recover", o.recover,
                 "First do what the guest's own boot would: replay the ext journal, reset the NTFS "
                 "log");
    app.add_option("--disk", o.disk, "Only this disk: its number from 0, or its reference")
        ->type_name("N");
    cli::add_size(app, "--memory-limit", o.memory_limit,
                  "Most memory for the window of a zstd source (default 128M)");
}

int run(const Options& o, cli::Context& context)
{
    if (o.items.empty() && o.remove.empty() && o.make.empty())
        throw Error(Errc::usage, "nothing to do", "give LOCAL GPATH, --rm or --mkdir");
    if (o.output.empty() && !o.in_place)
        throw Error(Errc::usage, "where to?", "write to a new file with -o FILE, or --in-place");
    auto puts = xva_put::open_items(o, context.stop);
    cli::Progress progress(context, "writing");
    guest::EditOptions options{.in_place = o.in_place, .output = o.output, .recover = o.recover};
    options.session.source = o.source;
    options.session.disk = o.disk;
    options.session.open = {.window_limit = o.memory_limit,
                            .timeout = context.shared.timeout,
                            .stop = context.stop};
    options.session.spool.stop = context.stop;
    options.session.warn = [&](const std::string& words) { context.warning(words); };
    options.session.guest.note = [&](const std::string& words) { context.note(words); };
    options.session.guest.detail = [&](const std::string& words) { context.detail(words); };
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
        progress.update(done, total);
    };
    guest::Edit edit(std::move(options));
    xva_put::apply(o, puts, edit.guest(), context);
    xva_put::verify(o, puts, edit.reopen());
    if (edit.damaged())
        throw Error(Errc::bad_data, "the source is damaged where it was read; nothing was changed");
    edit.commit(o.output == "-" ? &context.out(cli::Context::Content::binary) : nullptr);
    progress.done();
    return 0;
}

const cli::ToolInfo info{
    .name = "xva-put",
    .summary = "write files into a guest's disk or archive",
    .schema = "xva-put/1",
    .progress_option = true,
    .timeout_option = true,
    .examples = {{"xva-cat web1.xva p3:/hello.txt | sed 's/fox/cat/' | xva-put web1.xva - "
                  "p3:/hello.txt -o new.xva",
                  "Edit a file on the third partition; the result is a new archive"},
                 {"echo nameserver 10.0.0.1 | xva-put web1.xva - p3:/resolv.conf --mode 0644 "
                  "--in-place",
                  "Put a file into the archive itself"},
                 {"xva-put web1.xva --rm p2:/t10 --mkdir p2:/new -o new.xva",
                  "Remove a file and make a folder"}},
    .exit_codes =
        {{0},
         {1, "The volume is full, or what was written did not read back; nothing was changed."},
         {2},
         {3, "No such source, volume, folder or file."},
         {4, "Several volumes could be meant."},
         {5},
         {6, "The volume must not be written: hibernated, not shut down cleanly (see --recover), "
             "encrypted, unsupported; or the source cannot be changed in place."},
         {7, "The source or the filesystem is damaged; nothing was changed."},
         {124},
         {130}},
};

} // namespace

int main(int argc, char** argv)
{
    return cli::run<Options>(argc, argv, info, declare, run);
}
