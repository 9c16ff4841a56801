// SPDX-License-Identifier: GPL-3.0-or-later
// xva-ls: list the files of a guest, or say which files own a piece of its disk.
#include "listing.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/cli/progress.hpp>
#include <xenlab/cli/tool.hpp>
#include <xenlab/fs/crash_guard.hpp>
#include <xenlab/guest/source_options.hpp>

#include <fmt/format.h>

#include <set>

namespace {

using namespace xenlab;
using xva_ls::Listing;
using xva_ls::Options;

void declare(cli::OptionSet& options, Options& o)
{
    guest::declare_source(options, o.source);
    options.add_option("GPATH", o.paths,
                       "Path in the guest: /etc, C:/Windows, p2:/boot, vg0/root:/etc; *, ? and "
                       "[...] match (default: / or C:/)");
    options.add_flag("-l,--long", o.long_rows, "Print mode, owner, size and time, too");
    options.add_flag("-R,--recursive", o.recursive, "List folders and all that is in them");
    options.add_flag("-a,--all", o.all,
                     "List names that begin with a dot and files of NTFS itself, too");
    options.add_flag("-d,--directory", o.directory, "List a folder itself, not what is in it");
    options.add_flag("-0,--null", o.zero, "End each path with a NUL byte, unescaped");
    options.add_flag("--volumes", o.volumes, "List partitions, filesystems and logical volumes");
    options
        .add_option("--at", o.at,
                    "List the files that own these bytes of a disk, or this chunk: "
                    "Ref:2/00000028")
        .type_name("OFFSET[,LENGTH]|CHUNK");
    guest::declare_source_options(options, o.source, true);
}

bool hidden(const guest::Place& place)
{
    const std::size_t slash = place.path.rfind('/');
    return place.system || place.path.compare(slash + 1, 1, ".") == 0;
}

class Walk {
  public:
    Walk(const Options& o, cli::Context& context, guest::Guest& guest)
        : options_(o), context_(context), guest_(guest), listing_(o, context, guest)
    {
    }

    void path(const std::string& path)
    {
        for (guest::Place& place : guest_.expand(path, false)) {
            // As ls: a link to a folder is listed as that folder, unless it is asked about itself.
            if (place.type == fs::FileType::symlink && !options_.long_rows && !options_.directory)
                follow(place);
            if (place.type == fs::FileType::directory && !options_.directory)
                folder(place, 0);
            else
                listing_.add(place, place.path);
        }
    }

    std::size_t finish()
    {
        listing_.finish();
        return damaged_ + listing_.damaged();
    }

  private:
    void follow(guest::Place& place)
    {
        try {
            const guest::Place target = guest_.find(place.path);
            if (target.type == fs::FileType::directory)
                place = target;
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted)
                throw;
            context_.detail(error.what()); // it dangles, and is listed as a link
        }
    }

    void folder(const guest::Place& place, unsigned depth)
    {
        if (context_.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        std::vector<guest::Place> children;
        try {
            // A damaged folder may lie inside itself.
            if (!above_.insert({place.volume, place.node}).second || depth > 1000)
                throw Error(Errc::bad_data, "the folder lies inside itself");
            children = guest_.children(place);
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted || depth == 0)
                throw;
            context_.warning(fmt::format("{}: {}", place.path, error.what()));
            ++damaged_;
            return;
        }
        for (const guest::Place& child : children) {
            if (!options_.all && hidden(child))
                continue;
            listing_.add(child, child.path);
            if (options_.recursive && child.type == fs::FileType::directory)
                folder(child, depth + 1);
        }
        above_.erase({place.volume, place.node});
    }

    const Options& options_;
    cli::Context& context_;
    guest::Guest& guest_;
    Listing listing_;
    std::set<std::pair<std::size_t, fs::NodeId>> above_;
    std::size_t damaged_ = 0;
};

/// Without a path: what the guest's own root is.
std::string default_path(guest::Guest& guest)
{
    for (std::size_t i = 0; i < guest.volumes().size(); ++i)
        if (guest.mount_of(i) == "C:")
            return "C:/";
    return "/";
}

int run(const Options& o, cli::Context& context)
{
    cli::Progress progress(context, "spooling");
    guest::Session opened(guest::session_options(o.source, context, progress));
    progress.done();
    guest::Guest& guest = opened.guest();
    std::size_t damaged = 0;
    if (o.volumes) {
        xva_ls::print_volumes(guest, context);
    } else if (!o.at.empty()) {
        damaged = xva_ls::print_owners(o, guest, context);
    } else {
        Walk walk(o, context, guest);
        for (const std::string& path : o.paths.empty() ? std::vector{default_path(guest)} : o.paths)
            walk.path(path);
        damaged = walk.finish();
    }
    context.out().flush();
    return damaged > 0 || opened.damaged() ? exit_code(Errc::bad_data) : 0;
}

const cli::ToolInfo info{
    .name = "xva-ls",
    .summary = "list the files of a guest in its disk or archive",
    .schema = "xva-ls/1",
    .formats = {cli::Format::table, cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .columns = {"mode", "links", "uid", "gid", "size", "mtime", "path", "link", "name", "disk",
                "fs", "label", "uuid", "mount", "bytes"},
    .output_option = true,
    .progress_option = true,
    .timeout_option = true,
    .examples =
        {{"xva-ls web1.xva --volumes", "List what the disks of an archive hold"},
         {"xva-ls web1.xva -l p3:/", "List a folder of the third partition"},
         {"cat web1.xva.zst | xva-ls - -R p2:/ | tail -n 3",
          "List all files of a stream, which is kept in a temporary file meanwhile"},
         {"xva-ls web1.xva --disk 0 --at 21M,1M",
          "Name the files that own a damaged MiB of the disk"},
         {"xva-ls web1.xva --json -R p1:/ | jq -r '.items[] | select(.size > 1048576).path'",
          "Find large files"}},
    .exit_codes =
        {{0},
         {1},
         {2},
         {3, "No such source, volume or path."},
         {4, "Several volumes could be meant."},
         {5},
         {6, "The volume cannot be read (encrypted, unsupported), or --no-spool forbids what is "
             "needed."},
         {7, "The source or a filesystem is damaged; what could be read is printed."},
         {124},
         {130}},
};

} // namespace

int main(int argc, char** argv)
{
    fs::guard_against_crashes(info.name);
    return cli::run<Options>(argc, argv, info, declare, run);
}
