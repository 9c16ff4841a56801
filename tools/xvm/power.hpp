// SPDX-License-Identifier: GPL-3.0-or-later
// Changing a power state, with the rules that all such verbs share.
#pragma once

#include "batch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace xvm {

struct PowerChange {
    std::string_view method;            ///< "VM.start"
    xapi::Session::Params more;         ///< parameters after the VM
    std::vector<std::string_view> from; ///< power states in which it can be done
    std::string_view goal;              ///< "Running"; being there already is a skip
    std::string_view done;              ///< "started"
    std::string_view would;             ///< "would start"
    std::string_view hint = {};         ///< when the state is neither
};

/// Looks at the state, waits for other operations, calls, and when the answer was lost looks what
/// became of it.
Row change_power(Job& job, const PowerChange& change);

/// "suspended", as people write it.
std::string power_word(const std::string& power_state);

} // namespace xvm
