// SPDX-License-Identifier: GPL-3.0-or-later
// From options, profiles and --set to a job.
#pragma once

#include "globals.hpp"

#include <xenlab/drbl/job.hpp>
#include <xenlab/drbl/server.hpp>
#include <xenlab/drbl/targets.hpp>
#include <xenlab/lab/connect.hpp>

#include <string>
#include <vector>

namespace drbl_deploy {

/// As text, since a profile, --set and an option say the same things; empty where not said.
struct JobOptions {
    std::string image;
    std::string disk, parts;
    std::string hosts, macs, group, vms;
    std::string clients, max_wait, after, compress, split, layout, interface, target_size;
    lab::ConnectOptions connect; ///< to the pool of --vms
    std::string profile;
    std::vector<std::string> set;
    bool all_clients = false, checksums = false, no_check = false;
    bool run = false, wait = false, yes = false, force = false;
};

void declare_job_options(cli::OptionSet& options, JobOptions& o, drbl::Action action);

/// Options win over --set, which wins over the profile. Throws Error{usage} for unknown keys.
JobOptions with_profile(const JobOptions& o, const Globals& globals);

/// Everything but the hosts.
drbl::Job job_of(const JobOptions& o, drbl::Action action);

/// The words of --hosts, --macs and --group.
std::vector<drbl::TargetWord> target_words(const JobOptions& o, const cli::Context& context);

/// "64G" of --target-size, 0 without.
std::uint64_t target_size_of(const JobOptions& o);

} // namespace drbl_deploy
