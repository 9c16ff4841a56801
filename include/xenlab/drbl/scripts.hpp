// SPDX-License-Identifier: GPL-3.0-or-later
// The programs that run on the server, and the commands that start them. Each reads its program
// from standard input; its arguments are words that the shell cannot take for anything else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xenlab::drbl {

struct RemoteScript {
    std::string command; ///< for the login shell of the server
    std::string input;   ///< for its standard input
};

/// Becomes root with sudo -n when the login is not root's.
RemoteScript survey(const std::vector<std::string>& topics);

/// Starts a job in the background, under a lock. `record` is JobRecord::text(), `seen` the id of
/// the job that was there before ("" none), `command` from command_line(). Exit status: 0 begun,
/// 75 another start is under way, 76 another job came first.
RemoteScript start_job(std::string_view record, std::string_view seen, std::string_view command);

/// Ends whatever job the server runs, and makes these clients boot from their disks.
RemoteScript stop_job(const std::vector<std::string>& addresses);

/// Sends magic packets; the addresses from parse_mac. Interface may be empty.
RemoteScript wake(const std::vector<std::string>& macs, std::string_view broadcast);

/// Runs ocs-chkimg, and checks the list of checksums when there is one.
RemoteScript verify_image(std::string_view name);
RemoteScript rename_image(std::string_view from, std::string_view to);
RemoteScript remove_images(const std::vector<std::string>& names);

} // namespace xenlab::drbl
