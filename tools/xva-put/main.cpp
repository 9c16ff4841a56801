// SPDX-License-Identifier: GPL-3.0-or-later
// xva-put: write files into a guest's disk.
#include "changes.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/cli/tool.hpp>
#include <xenlab/fs/crash_guard.hpp>
#include <xenlab/guest/edit_options.hpp>

namespace {

using namespace xenlab;
using xva_put::Options;

void declare(cli::OptionSet& options, Options& o)
{
    guest::declare_source(options, o.source);
    options.add_option("LOCAL GPATH", o.items,
                       "A local file (- for standard input) and its path in the guest: "
                       "/etc/fstab, C:/boot.ini, p2:/boot/grub.cfg; a folder takes the local "
                       "name; pairs repeat");
    options.add_option("--rm", o.remove, "Remove a file, link or empty folder of the guest first")
        .type_name("GPATH")
        .one_at_a_time();
    options.add_option("--mkdir", o.make, "Make a folder in the guest before files are written")
        .type_name("GPATH")
        .one_at_a_time();
    options
        .add_option("--mode", o.mode,
                    "Permissions of the files written, in octal (default: as they were, or 0644)")
        .type_name("MODE");
    options.add_option("--backup", o.backup, "Keep the old content of each file under this suffix")
        .type_name("SUFFIX");
    guest::declare_edit_options(options, o.edit);
    guest::declare_source_options(options, o.source, false);
}

int run(const Options& o, cli::Context& context)
{
    if (o.items.empty() && o.remove.empty() && o.make.empty())
        throw Error(Errc::usage, "nothing to do", "give LOCAL GPATH, --rm or --mkdir");
    guest::require_target(o.edit);
    auto puts = xva_put::open_items(o, context.stop);
    cli::Progress progress(context, "writing");
    auto options = guest::edit_options(o.edit, o.source, context, progress);
    guest::Edit edit(std::move(options));
    xva_put::apply(o, puts, edit.guest(), context);
    xva_put::verify(o, puts, edit.reopen());
    if (edit.damaged())
        throw Error(Errc::bad_data, "the source is damaged where it was read; nothing was changed");
    edit.commit(o.edit.output == "-" ? &context.out(cli::Context::Content::binary) : nullptr);
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
    fs::guard_against_crashes(info.name);
    return cli::run<Options>(argc, argv, info, declare, run);
}
