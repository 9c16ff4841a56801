// SPDX-License-Identifier: GPL-3.0-or-later
// run: a command in the guest, as if it ran here.
#include "local_terminal.hpp"
#include "run_many.hpp"
#include "shell.hpp"
#include "verbs.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/options.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>

#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

using serial::Op;
using serial::Tag;

struct Options {
    std::vector<std::string> command, environment;
    std::string directory, shell;
    Login login;
    bool no_stdin = false, terminal = false;
    unsigned parallel = 16;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("COMMAND", o.command,
                   "Command and arguments, after --; a single word is a command line for the shell")
        .required();
    set.add_option("-e,--env", o.environment, "Set a variable in the guest")
        .type_name("NAME=VALUE")
        .one_at_a_time();
    set.add_option("-C,--directory", o.directory, "Run in this folder of the guest")
        .type_name("DIR");
    set.add_option("--shell", o.shell, "Give the command line to this shell: sh, bash, cmd or ps")
        .type_name("SHELL");
    declare_login(set, o.login, "Run as this user of the guest");
    set.add_option("-P,--parallel", o.parallel,
                   "With several targets: so many at once (default 16)")
        .type_name("N")
        .range(1, 1000);
    set.add_flag("-n,--no-stdin", o.no_stdin, "Standard input is empty");
    set.stop_at_first_argument();
    set.add_flag("-T,--tty", o.terminal, "Give the command a terminal, for interactive programs");
}

serial::Message request(const Options& o, const cli::Context& context, bool interactive)
{
    serial::Message message;
    if (o.command.size() > 1 && o.shell.empty()) {
        for (const std::string& word : o.command)
            message.add(Tag::arg, word);
    } else {
        std::string line;
        for (const std::string& word : o.command)
            line += (line.empty() ? "" : " ") + word;
        message.add(Tag::shell, line);
    }
    if (!o.shell.empty())
        message.add(Tag::shell_kind, o.shell);
    for (const std::string& entry : o.environment) {
        if (entry.find('=') == std::string::npos || entry.front() == '=')
            throw Error(Errc::usage, fmt::format("{}: not NAME=VALUE", text::quoted(entry)));
        message.add(Tag::env, entry);
    }
    if (!o.directory.empty())
        message.add(Tag::cwd, o.directory);
    if (!o.login.user.empty())
        message.add(Tag::user, o.login.user);
    std::uint32_t flags = o.no_stdin ? serial::flag_no_stdin : 0;
    if (o.terminal) {
        const auto [rows, columns] = terminal_size();
        flags |= serial::flag_tty;
        message.add_u32(Tag::rows, rows).add_u32(Tag::cols, columns);
    }
    if (interactive)
        flags |= serial::flag_interactive;
    message.add_u32(Tag::flags, flags);
    if (const auto limit = context.shared.timeout.count(); limit > 0)
        message.add_u32(Tag::timeout,
                        static_cast<std::uint32_t>(std::min<long long>(limit, 0xFFFFFFFF)));
    if (message.body().size() > 32U << 10U)
        throw Error(Errc::usage, "the command line is longer than 32 KiB");
    return message;
}

struct Ended {
    std::uint32_t code = 0;
    bool signalled = false, timed_out = false;
    std::string out, err;
};

class Runner {
  public:
    Runner(Client& client, const Options& options, bool capture)
        : client_(client), options_(options), capture_(capture), input_(!options.no_stdin)
    {
    }

    Ended run(Client::Clock::time_point deadline)
    {
        const bool interactive = options_.terminal || (!options_.no_stdin && ::isatty(0) != 0);
        LocalTerminal terminal(options_.terminal);
        chan_ =
            client_.open(Op::exec, request(options_, client_.context(), interactive), interactive);
        for (;;) {
            const auto event =
                client_.next(std::min(deadline, Client::Clock::now() + std::chrono::seconds(1)), 0,
                             input_ && client_.drained());
            if (event) {
                if (handle(*event))
                    return std::move(ended_);
            } else if (Client::Clock::now() >= deadline) {
                client_.close(chan_);
                client_.next(Client::Clock::now() + std::chrono::milliseconds(200));
                ended_.timed_out = true;
                return std::move(ended_);
            } else {
                feed();
                if (terminal.resized()) {
                    const auto [rows, columns] = terminal_size();
                    client_.send(
                        chan_, Op::resize,
                        serial::Message().add_u32(Tag::rows, rows).add_u32(Tag::cols, columns));
                }
            }
        }
    }

  private:
    /// Sends on what has come on standard input; must not block, so it asks first.
    void feed()
    {
        if (!input_ || !client_.drained() || !readable(0))
            return;
        std::array<std::byte, 16384> buffer{};
        const ssize_t count = ::read(0, buffer.data(), buffer.size());
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (count > 0) {
            client_.send(chan_, Op::data, View(buffer).first(static_cast<std::size_t>(count)));
            return;
        }
        input_ = false;
        client_.send(chan_, Op::eof);
    }

    void print(int fd, std::string& kept, View body) const
    {
        if (capture_)
            kept += to_text(body);
        else
            io::write_all(fd, body, fd == 1 ? "standard output" : "standard error");
    }

    bool handle(const Client::Event& event)
    {
        if (event.chan != chan_)
            return false;
        if (event.kind == Client::Event::Kind::closed)
            throw Error(Errc::failed, "the agent closed the channel");
        switch (event.op) {
        case Op::out:
            print(1, ended_.out, event.body);
            return false;
        case Op::err:
            print(2, ended_.err, event.body);
            return false;
        case Op::error:
            throw agent_error(event.body);
        case Op::exit:
            break;
        default:
            return false;
        }
        const auto fields = serial::Fields::parse(event.body);
        if (!fields)
            throw Error(Errc::failed, "the agent sent a malformed end");
        ended_.signalled = fields->has(Tag::signal);
        ended_.code = fields->u32(ended_.signalled ? Tag::signal : Tag::code).value_or(0);
        ended_.timed_out = fields->has(Tag::text);
        return true;
    }

    Client& client_;
    const Options& options_;
    bool capture_, input_;
    std::uint8_t chan_ = 0;
    Ended ended_;
};

/// Windows has 32 bits, we have eight; what is no success must not look like one.
int exit_status(const Ended& ended)
{
    if (ended.timed_out)
        return exit_code(Errc::timeout);
    if (ended.signalled)
        return 128 + static_cast<int>(ended.code & 0x7FU);
    const auto low = static_cast<int>(ended.code & 0xFFU);
    return low == 0 && ended.code != 0 ? 1 : low;
}

int finish(const Ended& ended, const std::string& target, bool document, cli::Context& context)
{
    const int status = exit_status(ended);
    if (document)
        context.write_json({{"schema", "serial-cli.run/1"},
                            {"name", target},
                            {"rc", status},
                            {"code", ended.signalled ? nlohmann::ordered_json()
                                                     : nlohmann::ordered_json(ended.code)},
                            {"signal", ended.signalled ? nlohmann::ordered_json(ended.code)
                                                       : nlohmann::ordered_json()},
                            {"timeout", ended.timed_out},
                            {"stdout", ended.out},
                            {"stderr", ended.err}});
    else if (ended.code > 0xFF && !ended.signalled)
        context.note(fmt::format("the command ended with {} (0x{:08x})", ended.code, ended.code));
    if (ended.timed_out)
        context.error("the command ran into the timeout and was killed");
    return status;
}

Ended in_shell(Client& client, const Options& o, bool capture)
{
    if (o.terminal || !o.environment.empty())
        throw Error(Errc::usage, "without an agent there is no --tty and no --env");
    Shell shell(client);
    shell.log_in(o.login.user, o.login.file);
    std::string line;
    for (const std::string& word : o.command)
        line += (line.empty() ? "" : " ") +
                (o.command.size() > 1 && o.shell.empty() ? shell_quoted(word) : word);
    if (!o.directory.empty())
        line = "cd " + shell_quoted(o.directory) + " && { " + line + "\n}";
    const auto& shared = client.context().shared;
    const auto limit =
        shared.timeout.count() > 0 ? shared.timeout : std::chrono::milliseconds(3'600'000);
    Shell::Result result = shell.run(line, limit);
    if (result.damaged)
        client.context().warning("some of the output was lost on the line");
    Ended ended{.code = result.code, .timed_out = result.timed_out};
    if (capture) {
        ended.out = std::move(result.out);
        ended.err = std::move(result.err);
    } else {
        io::write_all(1, as_view(result.out), "standard output");
        io::write_all(2, as_view(result.err), "standard error");
    }
    return ended;
}

/// The verb and its options again, for one target of several.
std::vector<std::string> words_again(const Options& o, const cli::Context& context)
{
    if (o.terminal)
        throw Error(Errc::usage, "one terminal cannot be that of several guests");
    std::vector<std::string> words{"run", "-n"};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty())
            words.insert(words.end(), {name, value});
    };
    for (const std::string& entry : o.environment)
        add("--env", entry);
    add("--directory", o.directory);
    add("--shell", o.shell);
    add("--user", o.login.user);
    add("--login-file", o.login.file);
    add("--through", o.login.through);
    if (context.shared.timeout.count() > 0)
        add("--timeout", fmt::format("{}ms", context.shared.timeout.count()));
    words.emplace_back("--");
    words.insert(words.end(), o.command.begin(), o.command.end());
    return words;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (globals.targets.size() > 1)
        return run_many(globals, words_again(o, context), o.parallel, context);
    const bool document =
        context.shared.format == cli::Format::json || context.shared.format == cli::Format::jsonl;
    auto deadline = Client::Clock::time_point::max();
    if (context.shared.timeout.count() > 0) // the agent's own limit comes first, if it is alive
        deadline = Client::Clock::now() + context.shared.timeout + std::chrono::seconds(2);
    try {
        Client client(globals, context);
        if (!attach_or_shell(client, o.login))
            return finish(in_shell(client, o, document), globals.targets.front(), document,
                          context);
        return finish(Runner(client, o, document).run(deadline), globals.targets.front(), document,
                      context);
    } catch (const BrokenPipe&) {
        throw;
    } catch (const SessionLost& error) {
        context.error(fmt::format("{} while the command ran; it is not run again", error.what()));
    } catch (const Error& error) {
        const int code = exit_code(error.code());
        if (error.code() == Errc::usage || error.code() == Errc::interrupted || code == 126 ||
            code == 127)
            throw;
        context.error(error.what());
        if (!error.hint().empty())
            context.note(error.hint());
    }
    return 125; // anything else could be the command's own
}

const cli::ToolInfo info{
    .name = "run",
    .summary = "run a command in the guest",
    .schema = "serial-cli.run/1",
    .formats = {cli::Format::tsv, cli::Format::json, cli::Format::jsonl},
    .timeout_option = true,
    .examples = {{"serial-cli -t pty:guest run -- uname -r",
                  "Run a command; its exit code is ours"},
                 {"tar cz tests | serial-cli -t pty:guest run -- 'tar tz | wc -l'", "Feed it"}},
};

} // namespace

Verb run_verb()
{
    return cli::make_verb<Globals, Options>(info, declare, run);
}

} // namespace xenlab::serial_cli
