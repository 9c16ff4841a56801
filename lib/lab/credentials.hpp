// SPDX-License-Identifier: GPL-3.0-or-later
// Where the password comes from.
#pragma once

#include <xenlab/base/secret.hpp>
#include <xenlab/lab/config.hpp>
#include <xenlab/lab/connect.hpp>

#include <stop_token>
#include <string>
#include <utility>

namespace xenlab::lab {

/// User and password by the order that lab/connect.hpp states. `options` are the flags, with the
/// environment's password file put in. Throws Error{usage} for a file that others can read, for an
/// empty one; Error{unreachable} when there is no password anywhere and nobody to ask.
std::pair<std::string, Secret> find_credentials(const ConnectOptions& options,
                                                const ContextConfig& context,
                                                const std::stop_token& stop);

} // namespace xenlab::lab
