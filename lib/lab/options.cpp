// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/cli/options.hpp>
#include <xenlab/lab/targets.hpp>

namespace xenlab::lab {
namespace {

constexpr const char* group = "Connection";

} // namespace

void declare_connect_options(cli::OptionSet& set, ConnectOptions& options)
{
    set.add_option("-c,--context", options.context,
                   "Pool to work on: a context of the config file (several separated by commas)")
        .type_name("CONTEXT")
        .group(group);
    set.add_option("--host", options.host, "Pool to work on: one of its hosts, as HOST[:PORT]")
        .type_name("HOST")
        .group(group);
    set.add_option("--user", options.user, "User to log in as (default root)")
        .type_name("NAME")
        .group(group);
    set.add_option("--password-file", options.password_file,
                   "Its first line is the password; others must not be able to read it")
        .type_name("FILE")
        .group(group);
    set.add_option("--password-fd", options.password_fd, "Read the password from this descriptor")
        .type_name("N")
        .group(group)
        .range(0, 1e6);
    set.add_option("--pin", options.pin,
                   "The server's certificate must have this fingerprint (sha256:HEX)")
        .type_name("PIN")
        .group(group);
}

void declare_target_options(cli::OptionSet& set, TargetOptions& options, Many many)
{
    const cli::Option words = set.add_option(
        "VM", options.words,
        many == Many::one ? "Name, uuid or start of the uuid of a VM, or CONTEXT/NAME"
                          : "VMs: name, uuid, start of a uuid, 'glob*', CONTEXT/NAME, - for a "
                            "list on standard input, @FILE");
    words.type_name("VM");
    if (many == Many::one) {
        words.required().expected(1, 1);
        return;
    }
    set.add_option("-l,--selector", options.filters,
                   "Only VMs for which all hold, as in power=running,tag=ci,name~lab-*,host!=h2")
        .type_name("LIST")
        .one_at_a_time();
    if (many == Many::some)
        set.add_flag("--all", options.all, "All VMs");
}

} // namespace xenlab::lab
