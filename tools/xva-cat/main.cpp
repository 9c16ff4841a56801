// SPDX-License-Identifier: GPL-3.0-or-later
// xva-cat: copy files out of a guest's disk.
#include "copy.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/cli/tool.hpp>
#include <xenlab/fs/crash_guard.hpp>
#include <xenlab/guest/source_options.hpp>

namespace {

using namespace xenlab;
using xva_cat::Options;

void declare(cli::OptionSet& options, Options& o)
{
    guest::declare_source(options, o.source);
    options
        .add_option("GPATH", o.paths,
                    "Path in the guest: /etc/fstab, C:/boot.ini, p2:/boot/grub.cfg, "
                    "vg0/root:/etc/hosts, C:/file:stream; *, ? and [...] match")
        .required();
    const auto tar =
        options.add_flag("--tar", o.tar, "Write the files and folders as a tar archive");
    options
        .add_option("-x,--extract", o.extract,
                    "Copy the files and folders into this folder, which is made if need be")
        .type_name("DIR")
        .excludes(tar);
    guest::declare_source_options(options, o.source, true);
}

int run(const Options& o, cli::Context& context)
{
    cli::Progress progress(context, "spooling");
    guest::Session opened(guest::session_options(o.source, context, progress));
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
                 {"xva-cat web1.xva --tar p2:/many | tar -t | wc -l",
                  "Copy a tree as a tar archive"},
                 {"xva-cat web1.xva -x files 'p3:/many/f01*' && ls files",
                  "Copy files into a folder"}},
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
    fs::guard_against_crashes(info.name);
    return cli::run<Options>(argc, argv, info, declare, run);
}
