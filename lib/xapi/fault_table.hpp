// SPDX-License-Identifier: GPL-3.0-or-later
// What xapi's error codes mean, in our words.
#pragma once

#include <xenlab/base/error.hpp>

#include <string_view>

namespace xenlab::xapi {

struct FaultWords {
    std::string_view name;
    Errc code;
    std::string_view words; ///< {0}, {1}… are the parameters; empty: the code itself
    std::string_view hint;
};

/// nullptr for codes without an entry. SR_BACKEND_FAILURE_<n> are found by their number.
const FaultWords* fault_words(std::string_view name) noexcept;

} // namespace xenlab::xapi
