// SPDX-License-Identifier: GPL-3.0-or-later
// agent: puts the agent into a guest and asks about it.
#include "copy.hpp"
#include "shell.hpp"
#include "verbs.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

struct Options {
    std::string what, file, port, user, login_file;
    bool no_service = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_choice("WHAT", o.what, {"install", "ping", "version"}, "What to do").required();
    set.add_option("--file", o.file,
                   "install: the agent for the guest (default: the one for this machine)")
        .type_name("FILE");
    set.add_option("--port", o.port, "install: the guest's name of the port (default: found out)")
        .type_name("PATH");
    set.add_option("-u,--user", o.user, "install: user for the login prompt").type_name("USER");
    set.add_option("--login-file", o.login_file, "install: first line the password of USER")
        .type_name("FILE");
    set.add_flag("--no-service", o.no_service,
                 "install: copy and start it, but not at the next boot");
}

Buffer load(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file.good() && text.empty())
        throw Error(Errc::not_found, fmt::format("{}: cannot be read", text::printable(path)));
    return {as_view(text).begin(), as_view(text).end()};
}

std::string beside_us()
{
    std::error_code failed;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
    for (const auto& place :
         {self / "serial-agent", self / "../lib/xenlab/serial-agent-linux-x86_64"})
        if (std::filesystem::exists(place, failed))
            return place.string();
    throw Error(Errc::not_found, "the agent's executable is not beside serial-cli",
                "name it with --file");
}

constexpr std::string_view place = "/usr/local/sbin/serial-agent";
constexpr std::string_view secret_place = "/etc/serial-agent.secret";

/// Shell text that makes the agent start now and at each boot, on whatever kind of init there is,
/// and takes the port from its getty; one that comes from console= on the kernel's command line has
/// to be masked.
std::string service_script(const std::string& port, bool at_boot, bool secret, std::uint64_t login)
{
    std::string call = fmt::format("{} --port {}", place, port);
    if (secret)
        call += fmt::format(" --secret-file {}", secret_place);
    const std::string tty = port.substr(port.rfind('/') + 1);
    std::string script = "set -e\n";
    if (at_boot) {
        script += fmt::format(R"(if [ -d /run/systemd/system ]; then
cat >/etc/systemd/system/serial-agent.service <<'END'
[Unit]
Description=serial-cli agent on {0}
StartLimitIntervalSec=0
[Service]
ExecStart={1}
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
END
systemctl mask serial-getty@{2}.service 2>/dev/null || :
systemctl daemon-reload
systemctl enable serial-agent.service
(sleep 1; systemctl stop serial-getty@{2}.service; kill -9 {3}; systemctl restart serial-agent.service) >/dev/null 2>&1 </dev/null &
elif [ -f /etc/inittab ]; then
sed -i '\,respawn:.*serial-agent --port {0}\( .*\)*$,d' /etc/inittab
sed -i 's,^\([^#].*[/ ]{2}\([^0-9].*\)*\)$,#serial-agent# \1,' /etc/inittab
if grep -q '^::' /etc/inittab; then echo '::respawn:{1}' >>/etc/inittab
else echo 'XL:2345:respawn:{1}' >>/etc/inittab; fi
(sleep 1; kill -HUP 1; kill -9 {3}) >/dev/null 2>&1 </dev/null &
else
)",
                              port, call, tty, login);
    }
    script +=
        fmt::format("(sleep 1; kill -9 {}; setsid {}) >/dev/null 2>&1 </dev/null &\n", login, call);
    return script + (at_boot ? "fi\n" : "");
}

int install(const Globals& globals, const Options& o, cli::Context& context)
{
    const Buffer program = load(o.file.empty() ? beside_us() : o.file);
    const std::string secret = read_secret(globals);
    Client client(globals, context);
    Shell shell(client);
    shell.log_in(o.user, o.login_file);
    const std::string port = o.port.empty() ? shell.terminal() : o.port;
    if (!port.starts_with("/dev/") || port.find_first_of("'\"\\ \n$`;&|<>") != std::string::npos)
        throw Error(Errc::usage, fmt::format("{}: no name of a port", text::quoted(port)));
    cli::Progress progress(context, "serial-agent");
    const std::string part = std::string(place) + ".new";
    shell.put(program, part, [&](std::size_t done) { progress.update(done, program.size()); });
    progress.done();
    const auto made =
        shell.run(fmt::format("chmod 755 {0} && mv {0} {1} && {1} --version", part, place),
                  std::chrono::seconds(20));
    if (made.code != 0)
        throw Error(Errc::failed, "guest: " + text::printable(made.err),
                    "is it the agent for this guest's processor? --file names another");
    // The shell that was typed into must go, or it would read half of what is meant for the agent.
    const auto login =
        text::parse_u64(text::trim(shell.run("echo $PPID", std::chrono::seconds(20)).out));
    if (!login || *login < 2)
        throw Error(Errc::failed, "the guest's shell does not tell its number");
    if (!secret.empty()) {
        shell.run(fmt::format("umask 077; : >{0}; : >{0}.b64; chmod 600 {0} {0}.b64", secret_place),
                  std::chrono::seconds(20));
        shell.put(as_view(secret + "\n"), std::string(secret_place), [](std::size_t) {});
    }
    const auto script = service_script(port, !o.no_service, !secret.empty(), *login);
    shell.put(as_view(script), "/tmp/.xl-install", [](std::size_t) {});
    const auto started = shell.run("sh /tmp/.xl-install; r=$?; rm -f /tmp/.xl-install; exit $r",
                                   std::chrono::seconds(60));
    if (started.code != 0)
        throw Error(Errc::failed, "guest: " + text::printable(started.err));
    shell.stay(); // the agent takes the port from the shell
    context.out().write(as_view(
        fmt::format("{} on {}\n", text::printable(std::string(text::trim(made.out))), port)));
    return 0;
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if (o.what == "install")
        return install(globals, o, context);
    Client client(globals, context);
    client.attach();
    const std::uint8_t chan = client.open(serial::Op::info, serial::Message());
    const Client::Event event = client.expect(chan);
    if (event.op == serial::Op::error)
        throw agent_error(event.body);
    const auto fields = serial::Fields::parse(event.body);
    if (o.what == "version" && fields)
        for (const std::string& fact : fields->all(serial::Tag::fact))
            if (fact.starts_with("agent="))
                context.out().write(as_view(text::printable(fact.substr(6)) + "\n"));
    return 0;
}

const cli::ToolInfo info{
    .name = "agent",
    .summary = "install the agent in a guest through its login prompt, or ask about it",
    .schema = "serial-cli.agent/1",
    .formats = {cli::Format::tsv},
    .progress_option = true,
    .examples = {{"serial-cli -t pty:guest agent install -u root --login-file pw",
                  "From a login prompt to an agent"}},
};

} // namespace

Verb agent_verb()
{
    return cli::make_verb<Globals, Options>(info, declare, run);
}

} // namespace xenlab::serial_cli
