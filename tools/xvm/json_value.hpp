// SPDX-License-Identifier: GPL-3.0-or-later
// Values of XAPI as JSON.
#pragma once

#include <xenlab/xmlrpc/value.hpp>

#include <nlohmann/json_fwd.hpp>

namespace xvm {

/// Numbers that xapi sends as text stay text: only it knows which field is one.
nlohmann::ordered_json to_json(const xenlab::xmlrpc::Value& value);

} // namespace xvm
