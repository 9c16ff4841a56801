// SPDX-License-Identifier: GPL-3.0-or-later
// How a job stands: our own record of it on the server, and what DRBL's logs and files say.
//
// DRBL has no notion of a finished job: ocsmgrd appends one line for each client that reports
// (tcp/6461, unauthenticated), "2026-1125-2159, client IP (MAC) finished restoring. Stats: …", for
// saves as well; "***FAIL***" in the rest means that a partition failed.
#pragma once

#include <xenlab/drbl/job.hpp>
#include <xenlab/drbl/records.hpp>
#include <xenlab/drbl/targets.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::drbl {

/// /var/lib/xenlab-drbl/job on the server: "key=value" lines, so that anybody can wait for the job
/// from anywhere.
struct JobRecord {
    std::string id; ///< 16 hex digits
    std::string started_by;
    std::int64_t started = 0;
    Action action = Action::save;
    std::string image;
    std::vector<std::string> devices;
    std::vector<Client> clients; ///< those waited for
    unsigned clients_to_wait = 0;

    [[nodiscard]] std::string text() const;
};

/// Throws Error{bad_data} for what no version of ours wrote.
JobRecord parse_job_record(std::string_view text);

struct ClientStatus {
    Client client;
    enum class State { waiting, connected, done, failed } state = State::waiting;
    std::string time;    ///< as in the log, "2026-1125-2159"
    std::string message; ///< its own words; foreign
    /// Through its NFS connection since it was opened: sent by it for a save, to it else.
    std::optional<std::uint64_t> bytes;
};
std::string_view name_of(ClientStatus::State state) noexcept;

struct JobLogLine {
    std::string time, ip, mac, message;
};
/// The lines about clients; others are left out.
std::vector<JobLogLine> read_job_log(std::string_view log);

/// What one client will do at its next network boot.
struct BootEntry {
    std::string ip, file, label, told;
    std::optional<std::string> parameters; ///< ocs-run.param, where nodes have folders
    bool efi = false;                      ///< by GRUB over UEFI; else by PXELINUX

    /// It is the entry of Clonezilla that is booted.
    [[nodiscard]] bool boots_clonezilla() const noexcept;
};
std::vector<BootEntry> read_boot_entries(const std::vector<Record>& records);

struct JobStatus {
    enum class Phase {
        none,     ///< no job
        starting, ///< drbl-ocs is running
        failed,   ///< drbl-ocs said no
        running,
        finished, ///< every client reported
        stopped,  ///< ended before that
        foreign,  ///< started without us
    } phase = Phase::none;
    std::optional<JobRecord> record;
    std::optional<int> exit_status; ///< of drbl-ocs
    std::string output;             ///< its last words; foreign
    std::vector<ClientStatus> clients;
    std::vector<BootEntry> boot;
    bool locked = false;                          ///< DRBL's own lock is there
    bool listening = false;                       ///< ocsmgrd is
    bool sending = false;                         ///< udp-sender is
    std::optional<std::uint64_t> position, total; ///< bytes of the image sent or saved
    std::int64_t changed = 0; ///< when something last moved, by the server's clock

    [[nodiscard]] std::size_t count(ClientStatus::State state) const noexcept;
    [[nodiscard]] bool over() const noexcept;
};
std::string_view name_of(JobStatus::Phase phase) noexcept;

/// Topic "job".
JobStatus read_status(const std::vector<Record>& records);

/// What the server configured, compared with the plan: a message for each client that differs.
std::vector<std::string> read_back(const Job& job, const JobStatus& status);

/// 0 when every client is done, 8 when some are not, 1 when none is or the job did not start.
int verdict(const JobStatus& status) noexcept;

} // namespace xenlab::drbl
