// SPDX-License-Identifier: GPL-3.0-or-later
// Starting a job, reading back what became of it, and waiting for its clients.
#pragma once

#include "plan.hpp"

#include <chrono>
#include <functional>

namespace drbl_deploy {

/// The exit code. Throws Error{precondition} for a plan with blockers, unless o.force.
int run_job(Server& server, const Plan& plan, const JobOptions& o, cli::Context& context);

struct WaitOptions {
    std::chrono::milliseconds timeout{std::chrono::hours(2)};
    std::chrono::milliseconds interval{5000};
    std::chrono::seconds stall{600};
};

/// Asks the server again and again until the job is over, through lost connections as well. Throws
/// Error{timeout}. `changed` gets each status that is news.
drbl::JobStatus wait_for_job(Server& server, const WaitOptions& options,
                             const cli::Context& context,
                             const std::function<void(const drbl::JobStatus&)>& changed);

/// Prints the clients, and the job in a document; returns the verdict if the job is over.
void print_status(cli::Context& context, const drbl::JobStatus& status);

/// Of the clients that the job waits for.
std::vector<std::string> addresses_of(const drbl::JobStatus& status);

/// Stops whatever the server does, and checks that it did.
void stop_job(Server& server, const std::vector<std::string>& addresses);

} // namespace drbl_deploy
