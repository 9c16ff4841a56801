// SPDX-License-Identifier: GPL-3.0-or-later
// xva-disk: disks out of archives, into archives, and over NBD to every other tool.
#include "xva_disk.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>
#include <xenlab/cli/tool.hpp>
#include <xenlab/disksrc/commit.hpp>

#include <fmt/format.h>

namespace {

using namespace xenlab;
using xva_disk::Options;

void declare(cli::OptionSet& options, Options& o)
{
    options.add_option("DISKSRC", o.sources,
                       "XVA archive or disk image, block device, URL, NBD export, or - for "
                       "standard input; with --pack: ova.xml and the disks");
    options.add_option("-d,--disk", o.disk, "The disk: its number from 0, or its reference")
        .type_name("N");
    options.add_choice("--to", o.to, {"raw", "vhd"}, "Format to write (default raw)");
    options.add_flag("--no-verify", o.no_verify,
                     "Take damaged chunks as they are, with a warning for each");
    const auto map = options.add_flag("--map", o.map, "List where the data of the disk is");
    const auto nbd =
        options.add_option("--nbd", o.socket, "Serve the disks read-only on this socket")
            .type_name("SOCKET");
    const auto undo = options
                          .add_option("--undo", o.undo,
                                      "Roll back an edit in place of this file that was cut off")
                          .type_name("FILE");
    const auto pack = options.add_flag("--pack", o.pack, "Write an archive of raw disks");
    map.excludes(nbd).excludes(undo).excludes(pack);
    nbd.excludes(undo).excludes(pack);
    undo.excludes(pack);
    options.add_option("--name", o.name, "With --pack: make an ova.xml for a VM of this name")
        .needs(pack);
    options.add_size("--memory", o.memory, "With --pack --name: memory (default 1G)");
    options.add_option("--vcpus", o.vcpus, "With --pack --name: processors (default 1)")
        .type_name("N")
        .range(1, 64);
    options.add_choice("--firmware", o.firmware, {"bios", "uefi"},
                       "With --pack --name (default bios)");
    options.add_choice("--checksum", o.checksum, {"xxhash", "sha1"},
                       "With --pack: sha1 for hosts before 8.1 (default xxhash)");
    options.add_size("--memory-limit", o.memory_limit,
                     "Most memory for the window of a zstd source (default 128M)");
}

int roll_back(const Options& o, cli::Context& context)
{
    const auto result = disksrc::undo(o.undo);
    if (result.found == block::UndoState::complete)
        context.note(fmt::format("{}: rolled back, {} bytes restored", text::printable(o.undo),
                                 result.bytes_restored));
    else
        context.note(
            fmt::format("{}: the edit had not begun; nothing to restore", text::printable(o.undo)));
    return 0;
}

int run(const Options& o, cli::Context& context)
{
    if (!o.undo.empty())
        return roll_back(o, context);
    if (o.sources.empty())
        throw Error(Errc::usage, "DISKSRC is missing", "see --help");
    if (o.pack)
        return xva_disk::pack(o, context);
    if (o.sources.size() > 1)
        throw Error(Errc::usage, "there is one DISKSRC at a time");
    if (o.map)
        return xva_disk::print_map(o, context);
    if (!o.socket.empty())
        return xva_disk::serve(o, context);
    return xva_disk::extract(o, context);
}

const cli::ToolInfo info{
    .name = "xva-disk",
    .summary = "take disks out of archives, put them in, or serve them over NBD",
    .schema = "xva-disk.map/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"offset", "length", "chunk"},
    .output_option = true,
    .progress_option = true,
    .timeout_option = true,
    .examples =
        {{"xva-disk web1.xva -o web1.raw && du -h web1.raw",
          "Extract the disk, verified, with holes for zeros"},
         {"xva-disk web1.xva --to vhd -o web1.vhd && qemu-img info web1.vhd", "The same as a VHD"},
         {"cat web1.xva.zst | xva-disk - | sha256sum", "From a stream into a pipe"},
         {"xva-disk web1.xva --map | head -3", "List the chunks and where they belong"},
         {"xva-disk --pack --name web2 web1.raw -o web2.xva && xva-verify --importable web2.xva",
          "Make an archive that a host imports"}},
    .exit_codes =
        {{0},
         {1},
         {2},
         {3, "No such file, or no such disk in it."},
         {4, "The source holds several disks and --disk names none."},
         {5},
         {6, "The source cannot be read at random as --nbd wants, the target is the source, an "
             "earlier edit was cut off, or qemu-nbd is missing."},
         {7, "The source is damaged or no disk; nothing was written."},
         {124},
         {130}},
};

} // namespace

xenlab::disksrc::OpenOptions xva_disk::open_options(const Options& options,
                                                    const cli::Context& context)
{
    return {.window_limit = options.memory_limit,
            .timeout = context.shared.timeout,
            .stop = context.stop,
            .damaged =
                [&options, &context](const std::string& words) {
                    if (!options.no_verify)
                        throw Error(Errc::bad_data, words, "--no-verify takes it as it is");
                    context.warning(words);
                },
            .warn = [&context](const std::string& words) { context.warning(words); },
            .detail = [&context](const std::string& words) { context.detail(words); }};
}

int main(int argc, char** argv)
{
    return cli::run<Options>(argc, argv, info, declare, run);
}
