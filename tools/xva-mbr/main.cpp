// SPDX-License-Identifier: GPL-3.0-or-later
// xva-mbr: show the partition tables of a disk, also while its archive streams by.
#include "edit.hpp"
#include "print.hpp"
#include "read_disks.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/tool.hpp>

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

namespace {

using namespace xenlab;
using xva_mbr::View;

void declare(cli::OptionSet& options, xva_mbr::Options& o)
{
    options.add_option(
        "DISKSRC", o.source,
        "XVA archive or raw disk (plain, gzip or zstd), block device, http(s) URL, or - for "
        "standard input (default)");
    options
        .add_option(
            "-d,--disk", o.disk,
            "Only this disk: its number from 0, its reference, or all; a stream is read as far as "
            "the heads of these disks")
        .type_name("N");
    options.add_flag(
        "--complete", o.complete,
        "Read a stream as far as needed for everything: backup GPT, far partitions, further disks");
    const auto sfdisk =
        options.add_flag("--sfdisk", o.sfdisk, "Print the table as a script for sfdisk");
    const auto raw = options.add_flag("--raw", o.raw, "Write the first sector as it is, 512 bytes");
    const auto bar = options.add_flag("--bar", o.bar, "Print the layout as one line of boxes");
    sfdisk.excludes(raw).excludes(bar);
    raw.excludes(bar);
    const auto active =
        options
            .add_option("--set-active", o.edit.active,
                        "Make this primary partition the active one, 0 for none; with -o or "
                        "--in-place")
            .type_name("N")
            .range(0, 4);
    const auto signature = options
                               .add_option("--signature", o.edit.signature,
                                           "Set the disk signature; with -o or --in-place")
                               .type_name("HEX");
    const auto code = options
                          .add_option("--boot-code", o.edit.boot_code,
                                      "Set the boot code, at most 440 bytes; with -o or --in-place")
                          .type_name("FILE");
    for (const auto& change : {active, signature, code})
        change.excludes(sfdisk).excludes(raw).excludes(bar);
    options.add_flag("--in-place", o.edit.in_place,
                     "Change the source itself; its old content is kept until that is done");
    options.add_size("--memory-limit", o.memory_limit,
                     "Most memory for the window of a zstd source (default 128M)");
}

const xva_mbr::DiskView& the_only_disk(const View& view, std::string_view option)
{
    if (view.disks.size() == 1)
        return view.disks.front();
    if (view.disks.empty())
        throw Error(Errc::not_found, "the archive describes no disks");
    throw Error(Errc::ambiguous,
                fmt::format("{} takes one disk, and there are {}", option, view.disks.size()),
                "choose one with --disk N");
}

std::size_t bar_width()
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return 80;
}

void print_raw(const View& view, cli::Context& context)
{
    const auto& sector = the_only_disk(view, "--raw").first_sector;
    if (sector.size() < 512)
        throw Error(Errc::bad_data, "the first sector could not be read");
    context.out(cli::Context::Content::binary).write(sector);
}

void print_view(const xva_mbr::Options& o, const View& view, cli::Context& context)
{
    if (o.raw) {
        print_raw(view, context);
    } else if (o.sfdisk) {
        context.out().write(xva_mbr::sfdisk_dump(the_only_disk(view, "--sfdisk")));
    } else if (o.bar) {
        for (const auto& disk : view.disks)
            context.out().write(xva_mbr::layout_bar(disk, bar_width()) + "\n");
    } else if (context.shared.format == cli::Format::json ||
               context.shared.format == cli::Format::jsonl) {
        xva_mbr::print_json(view, context);
    } else {
        xva_mbr::print_tables(view, context);
    }
}

int run(const xva_mbr::Options& asked, cli::Context& context)
{
    xva_mbr::Options o = asked;
    if (o.source.empty() && ::isatty(STDIN_FILENO) == 1)
        throw Error(Errc::usage, "DISKSRC is missing", "name a disk source, or - to type one in");
    if (o.source.empty())
        o.source = "-";
    if (o.edit.in_place && !o.edit.any())
        throw Error(Errc::usage, "--in-place needs something to change");
    if (o.edit.in_place && context.shared.output != "-")
        throw Error(Errc::usage, "--in-place and -o exclude each other");
    if (o.edit.any())
        return xva_mbr::edit(o.edit, o.source, o.disk, o.memory_limit, context);
    const View view = xva_mbr::read_disks(o, context);
    print_view(o, view, context);
    for (const auto& disk : view.disks)
        if (disk.table && !o.raw)
            for (const std::string& words : disk.table->warnings)
                context.warning(fmt::format("{}: {}", xva_mbr::title_of(disk), words));
    if (!view.complete() && view.damage.empty())
        context.detail("not all was read from this stream; --complete reads on");
    if (view.damage.empty())
        return 0;
    for (std::size_t i = 1; i < view.damage.size(); ++i)
        context.warning(view.damage[i]);
    context.warning(view.damage.front());
    return exit_code(Errc::bad_data);
}

const cli::ToolInfo info{
    .name = "xva-mbr",
    .summary = "show the partition tables of a disk, in an archive or not",
    .schema = "xva-mbr/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"disk", "number", "active", "start", "sectors", "size", "type", "fs", "label",
                "uuid", "name", "partuuid", "type_name"},
    .output_option = true,
    .timeout_option = true,
    .examples = {{"xva-mbr web1.xva", "Show the partitions of all disks of an archive"},
                 {"cat web1.xva.zst | xva-mbr -",
                  "The same from a stream, of which less than 2 MiB are read"},
                 {"xva-mbr web1.xva --json | jq -r '.disks[0].partitions[].fs'",
                  "List the filesystems of the first disk"},
                 {"xva-mbr web1.xva --disk 0 --sfdisk > table.sfdisk",
                  "Save a table so that sfdisk can write it to another disk"},
                 {"xva-mbr web1.xva --disk 0 --raw | od -A x -t x1z | tail -5",
                  "Look at the master boot record"},
                 {"xva-mbr web1.xva --set-active 2 -o changed.xva && xva-mbr changed.xva",
                  "Write a copy that boots another partition"}},
    .exit_codes =
        {{0},
         {1},
         {2},
         {3, "No such file, or no such disk in it."},
         {4, "--raw, --sfdisk and changes take one disk, and there are several."},
         {5},
         {6,
          "The zstd window is larger than --memory-limit allows, or the source cannot be changed "
          "so: it is compressed or streams by, has no MBR, or an earlier edit was cut off."},
         {7, "The source is no disk, or is damaged or cut off where it was read; what could be "
             "read is printed."},
         {124},
         {130}},
};

} // namespace

int main(int argc, char** argv)
{
    return cli::run<xva_mbr::Options>(argc, argv, info, declare, run);
}
