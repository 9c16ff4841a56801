// SPDX-License-Identifier: GPL-3.0-or-later
// put and get.
#include "copy.hpp"
#include "tree_copy.hpp"
#include "verbs.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

struct Options {
    std::string from, to, mode;
    bool recursive = false, resume = false, no_keep = false;
};

void declare_both(cli::OptionSet& set, Options& o)
{
    set.add_flag("-r,--recursive", o.recursive, "Copy a directory with all that is in it");
    set.add_option("--mode", o.mode,
                   "Permissions of the copy, in octal (default: those of the source)")
        .type_name("MODE");
    set.add_flag("--resume", o.resume, "Go on where an earlier copy stopped");
    set.add_flag("--no-preserve", o.no_keep, "Do not keep mode and time of modification");
}

void declare_put(cli::OptionSet& set, Options& o)
{
    set.add_option("LOCAL", o.from, "File here, or - for standard input").required();
    set.add_option("GUEST", o.to, "File or directory in the guest").required();
    declare_both(set, o);
}

void declare_get(cli::OptionSet& set, Options& o)
{
    set.add_option("GUEST", o.from, "File or directory in the guest").required();
    set.add_option("LOCAL", o.to, "File or directory here, or - for standard output").required();
    declare_both(set, o);
}

CopyOptions copy_options(const Options& o, cli::Progress& progress)
{
    CopyOptions options{.resume = o.resume, .keep = !o.no_keep, .progress = &progress};
    if (!o.mode.empty()) {
        std::size_t used = 0;
        unsigned long value = 01'0000;
        if (o.mode.find_first_not_of("01234567") == std::string::npos && o.mode.size() <= 5)
            value = std::stoul(o.mode, &used, 8);
        if (value > 07777U)
            throw Error(Errc::usage, fmt::format("{}: not an octal mode", text::quoted(o.mode)));
        options.mode = static_cast<std::uint32_t>(value);
    }
    return options;
}

void report(const Copied& copied, const std::string& name, cli::Context& context)
{
    if (copied.changed)
        context.warning(fmt::format("{}: changed while it was copied", text::printable(name)));
    context.detail(fmt::format("{}: {} bytes, resumed at {}, sha256 {}", text::printable(name),
                               copied.size, copied.resumed_at, copied.sha256));
}

int put(const Globals& globals, const Options& o, cli::Context& context)
{
    cli::Progress progress(context, o.from);
    const CopyOptions options = copy_options(o, progress);
    Client client(globals, context);
    client.attach();
    if (o.recursive)
        put_tree(client, o.from, o.to, options);
    else
        report(put_file(client, o.from, o.to, options), o.from, context);
    progress.done();
    return 0;
}

int get(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.to == "-" && ::isatty(1) != 0)
        context.note("writing to a terminal");
    cli::Progress progress(context, o.from);
    const CopyOptions options = copy_options(o, progress);
    Client client(globals, context);
    client.attach();
    std::string to = o.to;
    if (o.recursive) {
        get_tree(client, o.from, to, options);
    } else {
        std::error_code ignored;
        if (to != "-" && std::filesystem::is_directory(to, ignored)) {
            const std::string name = safe_name(o.from);
            to += "/" + name;
        }
        report(get_file(client, o.from, to, options), o.from, context);
    }
    progress.done();
    return 0;
}

const cli::ToolInfo put_info{
    .name = "put",
    .summary = "copy a file or directory to the guest",
    .schema = "serial-cli.put/1",
    .formats = {cli::Format::tsv},
    .progress_option = true,
    .examples = {{"serial-cli -t pty:guest put driver.tar.gz /tmp/", "Copy a file"}},
};

const cli::ToolInfo get_info{
    .name = "get",
    .summary = "copy a file or directory from the guest",
    .schema = "serial-cli.get/1",
    .formats = {cli::Format::tsv},
    .progress_option = true,
    .examples = {{"serial-cli -t pty:guest get /proc/cpuinfo - | gzip > cpuinfo.gz",
                  "Stream a file"}},
};

} // namespace

Verb put_verb()
{
    return cli::make_verb<Globals, Options>(put_info, declare_put, put);
}

Verb get_verb()
{
    return cli::make_verb<Globals, Options>(get_info, declare_get, get);
}

} // namespace xenlab::serial_cli
