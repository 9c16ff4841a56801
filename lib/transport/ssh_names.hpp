// SPDX-License-Identifier: GPL-3.0-or-later
// Which names of hosts and users are let through to configuration files and proxy commands.
#pragma once

#include <string_view>

namespace xenlab::transport {

bool is_safe_host(std::string_view host);
bool is_safe_user(std::string_view user);

} // namespace xenlab::transport
