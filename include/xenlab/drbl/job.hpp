// SPDX-License-Identifier: GPL-3.0-or-later
// A Clonezilla job as DRBL knows it, and the command that starts it.
//
// Sources: the option parser of drbl-ocs (drbl 5.2.7), which differs from its own usage text: it
// refuses -batch, -senc, -sfsck and others that belong to ocs-sr, and takes the word after -p, -l
// and -h only when that does not begin with "-".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::drbl {

enum class Action { save, restore, multicast };
enum class Scope { disks, partitions };
/// How a restore lays out partitions.
enum class Layout {
    as_saved,     ///< the image's table
    proportional, ///< -k1: stretched to the disk
    keep,         ///< -k: what the client has
};

std::string_view name_of(Action action) noexcept;

struct Job {
    Action action = Action::save;
    Scope scope = Scope::disks;
    std::string image;
    std::vector<std::string> devices; ///< without /dev/
    std::vector<std::string> hosts;   ///< IP addresses; empty only with all_clients
    bool all_clients = false;
    std::string after = "reboot"; ///< reboot, poweroff, choose
    // save
    std::string compression = "1p"; ///< of -z
    std::uint64_t split_mb = 0;     ///< 0: one file a partition
    bool checksums = false;         ///< MD5SUMS in the image, checked before a restore
    // restore and multicast
    Layout layout = Layout::as_saved;
    bool check_image = true; ///< the server checks it first, which takes as long as reading it
    // multicast
    unsigned clients_to_wait = 0;
    std::chrono::seconds max_wait{300};
    std::string interface; ///< that faces the clients; empty: drbl-ocs finds out
};

/// Throws Error{usage} for the first field that is missing or not on the list.
void require_valid(const Job& job);

/// The program that clients of a save compress with; empty for none. Without it they silently take
/// gzip (get_image_cat_zip_cmd of ocs-functions).
std::string_view compressor_of(const Job& job) noexcept;

/// The words of the drbl-ocs command, which asks nothing. Checks the job first.
std::vector<std::string> command_words(const Job& job);

/// The same for a shell, in one line.
std::string command_line(const Job& job);

/// What drbl-ocs must have told each client to run: the last words of ocs_opt= and ocs-run.param,
/// and options that must be among those before them. drbl-ocs returns 0 for much that failed, so
/// this is read back.
struct Expected {
    std::vector<std::string> tail;                 ///< {"restoredisk", "gold", "sda"}
    std::vector<std::vector<std::string>> options; ///< {{"--batch"}, {"-p", "reboot"}}
};
Expected expected_of(const Job& job);

/// Nothing when `words` (one line of the server) does what is expected, else what differs. The
/// result may hold foreign text that is printable already.
std::string difference(const Expected& expected, std::string_view words);

/// True when the restored or saved data of some client's disk is overwritten by this job.
constexpr bool overwrites_clients(Action action) noexcept
{
    return action != Action::save;
}

} // namespace xenlab::drbl
