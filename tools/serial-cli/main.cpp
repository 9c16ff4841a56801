// SPDX-License-Identifier: GPL-3.0-or-later
// serial-cli: run commands, copy files and debug in a guest over its serial port.
#include "verbs.hpp"

#include <xenlab/cli/options.hpp>

namespace {

using namespace xenlab;
using namespace xenlab::serial_cli;

void declare_globals(cli::OptionSet& set, Globals& o)
{
    set.add_option("-t,--target", o.targets,
                   "Port: HOST:PORT, unix:PATH, pty:PATH or vm:NAME; run takes several")
        .type_name("TARGET")
        .one_at_a_time();
    set.add_option("--secret-file", o.secret_file,
                   "First line: the secret that the agent was given")
        .type_name("FILE");
    set.add_duration("--link-timeout", o.link_timeout,
                     "How long the agent may be silent (default 30s)");
    set.add_duration("--attach-timeout", o.attach_timeout,
                     "How long to wait for an agent to answer at first (default 5s)");
    constexpr const char* group = "Connection of vm:NAME";
    set.add_option("-c,--context", o.pool.context, "Pool of the VM: a context of the config file")
        .type_name("CONTEXT")
        .group(group);
    set.add_option("--host", o.pool.host, "Pool of the VM: one of its hosts, as HOST[:PORT]")
        .type_name("HOST")
        .group(group);
    set.add_option("--password-file", o.pool.password_file,
                   "First line: the password for the pool; others must not be able to read it")
        .type_name("FILE")
        .group(group);
    set.add_option("--pin", o.pool.pin,
                   "The pool's certificate must have this fingerprint (sha256:HEX)")
        .type_name("PIN")
        .group(group);
    set.add_option("--ssh-config", o.pool.ssh_config, "Configuration file of SSH, as ssh -F")
        .type_name("FILE")
        .group(group);
}

const cli::ToolInfo tool{
    .name = "serial-cli",
    .summary = "run commands, copy files and debug in a guest over its serial port",
    .schema = "serial-cli/1",
    .examples = {{"serial-cli -t pty:guest run -- 'dmesg | wc -l'", "Run a command in a guest"}},
    .exit_codes = {{0},
                   {1},
                   {2},
                   {3},
                   {5,
                    "The port cannot be reached, or no agent answers, or it wants another secret."},
                   {6, "The port is in use for something else."},
                   {7, "What was copied does not have the right checksum."},
                   {124},
                   {125,
                    "run: serial-cli failed, or the guest rebooted or vanished in the middle."},
                   {126, "run: the guest cannot execute the command."},
                   {127, "run: the guest has no such command."},
                   {130}},
};

} // namespace

int main(int argc, char** argv)
{
    return cli::run_verbs<Globals>(argc, argv, tool, declare_globals,
                                   {run_verb(), put_verb(), get_verb(), console_verb(), log_verb(),
                                    send_verb(), wait_for_verb(), kd_verb(), share_verb(),
                                    ping_verb(), info_verb(), agent_verb(), broker_verb()});
}
