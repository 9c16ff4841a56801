// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs of vifcap, and what they share.
#pragma once

#include "options.hpp"

#include <xenlab/cli/context.hpp>
#include <xenlab/cli/tool.hpp>
#include <xenlab/transport/ssh.hpp>

#include <string>
#include <vector>

namespace vifcap {

class Recorder;
struct Target;

/// Chooses the job by the options.
int run_mode(const Options& options, xenlab::cli::Context& context);

int capture_mode(const Options& options, xenlab::cli::Context& context);
int list_mode(const Options& options, xenlab::cli::Context& context);
int reap_mode(const Options& options, xenlab::cli::Context& context);
int extcap_mode(const Options& options, xenlab::cli::Context& context);

std::vector<xenlab::cli::Candidate> complete(const Options& options,
                                             const xenlab::cli::CompletionRequest& request);

xenlab::transport::SshOptions ssh_options(const Options& options,
                                          const xenlab::cli::Context& context);

} // namespace vifcap
