// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "xvm.hpp"

#include <vector>

namespace xvm {

std::vector<Verb> all_verbs();

} // namespace xvm
