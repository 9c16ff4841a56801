// SPDX-License-Identifier: GPL-3.0-or-later
// What a job would do: its command, its clients, and what speaks for or against it.
#pragma once

#include "job_options.hpp"
#include "vms.hpp"

#include <xenlab/drbl/image.hpp>
#include <xenlab/drbl/job.hpp>
#include <xenlab/drbl/server.hpp>
#include <xenlab/drbl/status.hpp>

#include <optional>
#include <string>
#include <vector>

namespace drbl_deploy {

struct Plan {
    drbl::Job job;
    std::vector<drbl::Client> clients;
    std::vector<drbl::TargetDisk> targets; ///< disks whose sizes are known
    std::optional<drbl::Image> image;      ///< that is restored
    std::optional<drbl::JobStatus> now;    ///< the job that the server has already
    std::optional<drbl::ServerFacts> facts;
    std::vector<std::string> warnings, blockers; ///< printable
};

/// The command must be whole before anything is asked of a server: a mistake is Error{usage} at
/// once. `vms`: how many there may be.
void check_command(drbl::Job job, const std::vector<drbl::TargetWord>& words, std::size_t vms);

/// Without a server: only what the words say.
Plan plan_offline(drbl::Job job, const std::vector<drbl::TargetWord>& words);
/// Throws Error{not_found} for clients that the server does not know.
Plan plan_with(Server& server, drbl::Job job, std::vector<drbl::TargetWord> words,
               const std::vector<VmCards>& vms, std::uint64_t target_size);

/// The command on standard output, everything else on standard error; or one document.
void print_plan(cli::Context& context, const Plan& plan);

} // namespace drbl_deploy
