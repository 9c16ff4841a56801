// SPDX-License-Identifier: GPL-3.0-or-later
// console, send, wait-for: the port as it is, without an agent.
#include "local_terminal.hpp"
#include "pattern.hpp"
#include "verbs.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

struct ConsoleOptions {
    bool spy = false;
};

void declare_console(cli::OptionSet& set, ConsoleOptions& o)
{
    set.add_flag("--spy", o.spy, "Only look; any number of spies may look at once");
}

/// Ctrl-] ends the console, as in telnet and xl console.
constexpr std::byte escape{0x1d};

int console(const Globals& globals, const ConsoleOptions& o, cli::Context& context)
{
    Client client(globals, context);
    client.raw(o.spy ? RawMode::spy : RawMode::writer);
    const bool person = ::isatty(0) != 0;
    if (person)
        context.note(o.spy ? "ctrl-c ends" : "ctrl-] ends");
    LocalTerminal terminal(!o.spy);
    bool input = !o.spy;
    for (;;) {
        const auto event = client.next(Client::Clock::now() + std::chrono::seconds(60), 0,
                                       input && client.drained());
        if (event) {
            if (event->kind == Client::Event::Kind::bytes)
                io::write_all(1, event->body, "standard output");
            continue;
        }
        if (!input || !readable(0))
            continue;
        std::array<std::byte, 4096> buffer{};
        const ssize_t count = ::read(0, buffer.data(), buffer.size());
        if (count <= 0) {
            input = false; // what the guest says goes on being shown
            continue;
        }
        const View typed = View(buffer).first(static_cast<std::size_t>(count));
        if (person && std::ranges::find(typed, escape) != typed.end())
            return 0;
        client.write(typed);
    }
}

struct SendOptions {
    std::string text, sysrq;
    bool line_break = false, no_newline = false;
};

void declare_send(cli::OptionSet& set, SendOptions& o)
{
    set.add_option("TEXT", o.text, "What to type; a carriage return follows");
    set.add_flag("-n,--no-newline", o.no_newline, "No carriage return at the end");
    set.add_flag("--break", o.line_break, "Send a break (on real ports)");
    set.add_option(
           "--sysrq", o.sysrq,
           "Send break and this key: the kernel's magic request (on real ports), for instance b")
        .type_name("KEY");
}

int send(const Globals& globals, const SendOptions& o, cli::Context& context)
{
    if (o.text.empty() && !o.line_break && o.sysrq.empty())
        throw Error(Errc::usage, "nothing to send");
    if (o.sysrq.size() > 1)
        throw Error(Errc::usage, "--sysrq takes one letter or digit");
    Client client(globals, context);
    client.raw(RawMode::writer);
    if (o.line_break || !o.sysrq.empty()) {
        client.request(Kind::line_break);
        client.expect(-1);
    }
    if (!o.sysrq.empty())
        client.write(as_view(o.sysrq));
    if (!o.text.empty())
        client.write(as_view(o.text + (o.no_newline ? "" : "\r")));
    client.request(Kind::status); // the answer comes after all before it was taken
    while (client.expect(-1).kind != Client::Event::Kind::facts) {
    }
    return 0;
}

struct WaitOptions {
    std::string pattern, text;
    bool quiet = false;
};

void declare_wait(cli::OptionSet& set, WaitOptions& o)
{
    set.add_option("REGEX", o.pattern,
                   "POSIX extended regular expression; a line that has not ended counts, too")
        .required();
    set.add_option("--send", o.text, "First type this and a carriage return").type_name("TEXT");
    set.add_flag("--no-echo", o.quiet, "Do not print what matched");
}

int wait_for(const Globals& globals, const WaitOptions& o, cli::Context& context)
{
    const Pattern pattern(o.pattern);
    const auto limit = context.shared.timeout.count() > 0 ? context.shared.timeout
                                                          : std::chrono::milliseconds(60'000);
    const auto until = Client::Clock::now() + limit;
    Client client(globals, context);
    client.raw(o.text.empty() ? RawMode::spy : RawMode::writer);
    if (!o.text.empty())
        client.write(as_view(o.text + "\r"));
    LineBuffer lines;
    while (Client::Clock::now() < until) {
        const auto event = client.next(until);
        if (!event || event->kind != Client::Event::Kind::bytes)
            continue;
        if (const auto found = lines.feed(to_text(event->body), pattern)) {
            if (!o.quiet)
                context.out().write(as_view(text::printable(*found) + "\n"));
            return 0;
        }
    }
    throw Error(
        Errc::timeout,
        fmt::format("nothing on the port matched {} within {}", text::quoted(o.pattern),
                    text::human_duration(std::chrono::duration_cast<std::chrono::seconds>(limit))));
}

const cli::ToolInfo console_info{
    .name = "console",
    .summary = "connect this terminal to the port",
    .schema = "serial-cli.console/1",
    .formats = {cli::Format::tsv},
    .examples = {{"serial-cli -t pty:guest console --spy", "Watch a guest boot"}},
};

const cli::ToolInfo send_info{
    .name = "send",
    .summary = "type text on the port, or send a break",
    .schema = "serial-cli.send/1",
    .formats = {cli::Format::tsv},
    .examples = {{"serial-cli -t pty:guest send root", "Type a name at a login prompt"}},
};

const cli::ToolInfo wait_info{
    .name = "wait-for",
    .summary = "wait until the guest prints something",
    .schema = "serial-cli.wait-for/1",
    .formats = {cli::Format::tsv},
    .timeout_option = true,
    .examples = {{"serial-cli -t pty:guest wait-for 'login: $' --timeout 3m",
                  "Wait for the end of a boot"}},
};

} // namespace

Verb console_verb()
{
    return cli::make_verb<Globals, ConsoleOptions>(console_info, declare_console, console);
}

Verb send_verb()
{
    return cli::make_verb<Globals, SendOptions>(send_info, declare_send, send);
}

Verb wait_for_verb()
{
    return cli::make_verb<Globals, WaitOptions>(wait_info, declare_wait, wait_for);
}

} // namespace xenlab::serial_cli
