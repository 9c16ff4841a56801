// SPDX-License-Identifier: GPL-3.0-or-later
// log: what the broker has heard on the port.
#include "verbs.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <array>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

struct Options {
    bool follow = false, times = false, path = false, raw = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_flag("-f,--follow", o.follow, "Go on with what comes");
    set.add_flag("--ts", o.times, "Print the time of each line");
    set.add_flag("--events", o.raw, "Also print what the broker did");
    set.add_flag("--path", o.path, "Only print where the log is");
}

/// "TIME TEXT", or "TIME -- EVENT".
void print_line(std::string_view line, const Options& o, cli::Context& context)
{
    constexpr std::size_t time_length = 24; // 2026-01-31T12:00:00.123Z
    std::string_view time = line.substr(0, std::min(line.size(), time_length));
    std::string_view rest = line.size() > time_length + 1 ? line.substr(time_length + 1) : "";
    if (rest.starts_with("-- ") && !o.raw)
        return;
    std::string out = o.times ? std::string(time) + " " : "";
    out += text::printable(rest);
    context.out().write(as_view(out + "\n"));
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const std::string path = log_path_of(target_of(globals));
    if (o.path) {
        context.out().write(as_view(path + "\n"));
        return 0;
    }
    std::optional<Client> client; // keeps the broker, and so the log, alive
    if (o.follow)
        client.emplace(globals, context);
    io::Fd file = io::open_file(path, O_RDONLY);
    std::string pending;
    std::array<std::byte, 65536> buffer{};
    for (;;) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0)
            throw system_error(errno, text::printable(path));
        pending += to_text(View(buffer).first(static_cast<std::size_t>(count)));
        std::size_t start = 0;
        for (std::size_t end = 0; (end = pending.find('\n', start)) != std::string::npos;
             start = end + 1)
            print_line(std::string_view(pending).substr(start, end - start), o, context);
        pending.erase(0, start);
        if (count > 0)
            continue;
        if (!o.follow) {
            if (!pending.empty())
                print_line(pending, o, context);
            return 0;
        }
        context.out().flush();
        if (context.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        struct stat now {
        }, opened{};
        if (::stat(path.c_str(), &now) == 0 && ::fstat(file.get(), &opened) == 0 &&
            now.st_ino != opened.st_ino)
            file = io::open_file(path, O_RDONLY); // it was full and a new one was begun
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

const cli::ToolInfo info{
    .name = "log",
    .summary = "print what the guest wrote on the port",
    .schema = "serial-cli.log/1",
    .formats = {cli::Format::tsv},
    .examples = {{"serial-cli -t pty:guest log --ts", "What did it say, and when?"}},
};

} // namespace

Verb log_verb()
{
    return cli::make_verb<Globals, Options>(info, declare, run);
}

} // namespace xenlab::serial_cli
