// SPDX-License-Identifier: GPL-3.0-or-later
// drbl-deploy: images to and from physical machines through a DRBL server.
#include "complete.hpp"
#include "globals.hpp"

#include <xenlab/cli/verbs.hpp>

#include <iterator>

namespace {

using namespace xenlab;
using drbl_deploy::Globals;

const cli::ToolInfo tool{
    .name = "drbl-deploy",
    .summary = "save, restore and multicast Clonezilla images through a DRBL server",
    .schema = "drbl-deploy/1",
    .examples = {{"drbl-deploy restore win10-gold --disk sda --hosts 10.0.0.5-20",
                  "Print the command that restores an image on sixteen machines"},
                 {"drbl-deploy multicast win10-gold --disk sda --group room1 --clients 20 --run -y",
                  "Multicast it to a room, at once"},
                 {"drbl-deploy status --wait --timeout 45m --stop",
                  "Wait for the machines, then let them boot from their disks"},
                 {"drbl-deploy images ls --json | jq -r '.items[]|select(.complete|not).name'",
                  "Name the images that were not saved to their end"},
                 {"drbl-deploy forward add 2222:192.168.1.50:22",
                  "Make a client's SSH reachable through the server"}},
    .exit_codes = {{0, "Done; of status --wait: every client is done."},
                   {1, "The job failed, or no client is done."},
                   {2},
                   {3, "No such image, client, profile or forward."},
                   {4},
                   {5, "The server cannot be reached, or does not let us in."},
                   {6, "No DRBL server, another job is set up, or the image cannot be restored."},
                   {7, "The image is damaged, or the server's answer makes no sense."},
                   {8, "Some clients failed or did not come."},
                   {124},
                   {130}},
    .completes = {"IMAGE", "CLIENT", "LIST", "GROUP", "PROFILE", "VM", "CONTEXT", "NAME"},
};

std::vector<drbl_deploy::Verb> verbs()
{
    std::vector<drbl_deploy::Verb> all;
    for (auto* group : {drbl_deploy::job_verbs, drbl_deploy::status_verbs, drbl_deploy::image_verbs,
                        drbl_deploy::client_verbs, drbl_deploy::forward_verbs}) {
        auto some = group();
        all.insert(all.end(), std::make_move_iterator(some.begin()),
                   std::make_move_iterator(some.end()));
    }
    return all;
}

} // namespace

int main(int argc, char** argv)
{
    return cli::run_verbs<Globals>(argc, argv, tool, drbl_deploy::declare_globals, verbs(),
                                   drbl_deploy::complete);
}
