// SPDX-License-Identifier: GPL-3.0-or-later
// put and get.
#include "copy.hpp"
#include "shell.hpp"
#include "tree_copy.hpp"
#include "verbs.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/io/output_file.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

struct Options {
    std::string from, to, mode;
    bool recursive = false, resume = false, no_keep = false;
    Login login;
};

void declare_both(cli::OptionSet& set, Options& o)
{
    set.add_flag("-r,--recursive", o.recursive, "Copy a directory with all that is in it");
    set.add_option("--mode", o.mode,
                   "Permissions of the copy, in octal (default: those of the source)")
        .type_name("MODE");
    set.add_flag("--resume", o.resume, "Go on where an earlier copy stopped");
    set.add_flag("--no-preserve", o.no_keep, "Do not keep mode and time of modification");
    declare_login(set, o.login, "Without an agent: user for the login prompt");
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

void refuse_in_shell(const Options& o)
{
    if (o.recursive || o.resume)
        throw Error(Errc::usage, "without an agent there is no --recursive and no --resume",
                    "serial-cli agent install puts it into the guest");
}

Buffer read_all(int fd, const std::string& name)
{
    Buffer content(Shell::largest_copy + 1);
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t count = ::read(fd, content.data() + size, content.size() - size);
        if (count < 0 && errno != EINTR)
            throw system_error(errno, text::printable(name));
        if (count == 0)
            break;
        size += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    content.resize(size);
    return content;
}

std::string must(const Shell::Result& result)
{
    if (result.code != 0)
        throw Error(Errc::failed, "guest: " + text::printable(std::string(text::trim(result.err))));
    return std::string(text::trim(result.out));
}

/// Without an agent: small files, no times.
void put_in_shell(Client& client, const Options& o, const CopyOptions& options)
{
    refuse_in_shell(o);
    const io::Fd file = o.from == "-" ? io::Fd() : io::open_file(o.from, O_RDONLY);
    const Buffer content = read_all(file ? file.get() : 0, o.from);
    Shell shell(client);
    shell.log_in(o.login.user, o.login.file);
    constexpr std::chrono::seconds patience{30};
    std::string to = o.to;
    if (to.ends_with('/') || shell.run("test -d " + shell_quoted(to), patience).code == 0)
        to += "/" + (o.from == "-" ? "stdin" : safe_name(o.from));
    const std::string part = to + ".part";
    shell.put(content, part,
              [&](std::size_t done) { options.progress->update(done, content.size()); });
    struct stat info {};
    const bool known = file && ::fstat(file.get(), &info) == 0;
    if (options.mode || (options.keep && known))
        must(shell.run(fmt::format("chmod {:o} {}", options.mode.value_or(info.st_mode & 07777U),
                                   shell_quoted(part)),
                       patience));
    must(shell.run(fmt::format("mv -f {} {}", shell_quoted(part), shell_quoted(to)), patience));
}

void get_in_shell(Client& client, const Options& o, const CopyOptions& options)
{
    refuse_in_shell(o);
    std::string to = o.to;
    std::error_code ignored;
    if (to != "-" && std::filesystem::is_directory(to, ignored))
        to += "/" + safe_name(o.from);
    Shell shell(client);
    shell.log_in(o.login.user, o.login.file);
    const Buffer content =
        shell.get(o.from, [&](std::size_t done) { options.progress->update(done, std::nullopt); });
    if (to == "-") {
        io::write_all(1, content, "standard output");
        return;
    }
    io::OutputFile file(to);
    file.write(content);
    if (options.mode)
        ::fchmod(file.fd(), *options.mode);
    file.commit();
}

int put(const Globals& globals, const Options& o, cli::Context& context)
{
    cli::Progress progress(context, o.from);
    const CopyOptions options = copy_options(o, progress);
    Client client(globals, context);
    if (!attach_or_shell(client, o.login))
        put_in_shell(client, o, options);
    else if (o.recursive)
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
    std::string to = o.to;
    if (!attach_or_shell(client, o.login)) {
        get_in_shell(client, o, options);
    } else if (o.recursive) {
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
