// SPDX-License-Identifier: GPL-3.0-or-later
// Pauses and patience while a job runs.
#pragma once

#include "run_job.hpp"

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>

namespace drbl_deploy {

using Deadline = std::chrono::steady_clock::time_point;

/// Throws Error{timeout} with `what` when the deadline comes first, {interrupted}.
void pause(std::chrono::milliseconds delay, Deadline deadline, std::string_view what,
           const std::stop_token& stop);

/// The state of the job; connects anew while the deadline allows it, as a job outlives us.
drbl::JobStatus survey_job(Server& server, Deadline deadline, const cli::Context& context);

WaitOptions wait_options(const cli::Context& context);

/// Words on standard error for each client that changed.
std::function<void(const drbl::JobStatus&)> report_news(const cli::Context& context);

} // namespace drbl_deploy
