// SPDX-License-Identifier: GPL-3.0-or-later
// The only place of this module that knows CLI11's command line.
#include <xenlab/lab/targets.hpp>

#include <xenlab/cli/options.hpp>

namespace xenlab::lab {
namespace {

constexpr const char* group = "Connection";

} // namespace

void declare_connect_options(cli::OptionSet& app, ConnectOptions& options)
{
    app.add_option("-c,--context", options.context,
                   "Pool to work on: a context of the config file (several separated by commas)")
        .type_name("NAME")
        .group(group);
    app.add_option("--host", options.host, "Pool to work on: one of its hosts, as HOST[:PORT]")
        .type_name("HOST")
        .group(group);
    app.add_option("--user", options.user, "User to log in as (default root)")
        .type_name("NAME")
        .group(group);
    app.add_option("--password-file", options.password_file,
                   "Its first line is the password; others must not be able to read it")
        .type_name("FILE")
        .group(group);
    app.add_option("--password-fd", options.password_fd, "Read the password from this descriptor")
        .type_name("N")
        .group(group)
        .range(0, 1 << 20);
    app.add_option("--pin", options.pin,
                   "The server's certificate must have this fingerprint (sha256:HEX)")
        .type_name("PIN")
        .group(group);
}

void declare_target_options(cli::OptionSet& app, TargetOptions& options, Many many)
{
    auto words = app.add_option("VM", options.words,
                                 many == Many::one
                                     ? "Name, uuid or start of the uuid of a VM, or CONTEXT/NAME"
                                     : "VMs: name, uuid, start of a uuid, 'glob*', CONTEXT/NAME, - "
                                       "for a list on standard input, @FILE");
    words.type_name("VM");
    if (many == Many::one) {
        words.expected(1);
        words.required();
        return;
    }
    app.add_option("-l,--selector", options.filters,
                   "Only VMs for which all hold, as in power=running,tag=ci,name~lab-*,host!=h2")
        .type_name("LIST")
        .one_at_a_time(); // of each -l takes one word; targets follow
    if (many == Many::some)
        app.add_flag("--all", options.all, "All VMs");
}

} // namespace xenlab::lab
