// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <sys/un.h>

namespace xenlab::transport {

/// Throws Error{usage} when the path is empty, holds a NUL or has more than 107 bytes (unix(7)).
sockaddr_un unix_address(const std::string& path);

} // namespace xenlab::transport
