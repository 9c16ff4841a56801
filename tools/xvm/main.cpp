// SPDX-License-Identifier: GPL-3.0-or-later
// xvm: run the VMs of a lab from a shell.
#include "complete.hpp"
#include "verbs.hpp"

namespace {

using namespace xenlab;

void declare(cli::OptionSet& set, xvm::Globals& globals)
{
    lab::declare_connect_options(set, globals.connect);
}

const cli::ToolInfo info{
    .name = "xvm",
    .summary = "control the VMs of a XenServer or XCP-ng pool",
    .schema = "xvm/1",
    .examples = {{"xvm ls", "List the VMs of the default pool"},
                 {"xvm ls -l power=running,name~lab-* --json | jq -r '.items[].ip[0]'",
                  "The addresses of some running VMs"},
                 {"xvm stop 'lab-*' --grace 60s --kill -P8",
                  "Shut many VMs down, and switch off those that do not react"}},
    .exit_codes = {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {124}, {130}},
    .completes = {"VM", "CONTEXT", "HOST", "SR", "ISO", "NETWORK", "VDI", "SNAPSHOT", "TEMPLATE"},
};

} // namespace

int main(int argc, char** argv)
{
    return cli::run_verbs<xvm::Globals>(argc, argv, info, declare, xvm::all_verbs(), xvm::complete);
}
