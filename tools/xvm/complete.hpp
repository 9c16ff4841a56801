// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "xvm.hpp"

#include <vector>

namespace xvm {

/// Names for TAB: from the names kept by earlier runs while they are fresh, else from the pool, if
/// it answers at once and without a question.
std::vector<cli::Candidate> complete(const Globals& globals, const cli::CompletionRequest& request);

} // namespace xvm
