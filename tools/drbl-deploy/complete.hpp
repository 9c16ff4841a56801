// SPDX-License-Identifier: GPL-3.0-or-later
// Names for TAB: those that earlier runs left behind while they are fresh, else the server's, if it
// answers at once.
#pragma once

#include "globals.hpp"

#include <xenlab/drbl/forward.hpp>
#include <xenlab/drbl/image.hpp>
#include <xenlab/drbl/targets.hpp>

namespace drbl_deploy {

std::vector<cli::Candidate> complete(const Globals& globals, const cli::CompletionRequest& request);

/// Keep what the server of that name has just told.
void remember(const std::string& server, const std::vector<drbl::Image>& images);
void remember(const std::string& server, const drbl::Clients& clients);
void remember(const std::string& server, const drbl::Forwards& forwards);

} // namespace drbl_deploy
