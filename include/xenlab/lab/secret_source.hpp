// SPDX-License-Identifier: GPL-3.0-or-later
// Secrets besides the login's: of SRs, shares and guests. Never from the command line.
#pragma once

#include <xenlab/base/secret.hpp>

#include <stop_token>
#include <string>

namespace xenlab::lab {

struct SecretSource {
    std::string file; ///< its first line; must not be readable by others
    int fd = -1;
};

/// From the descriptor, the file, or the person at the terminal, who is asked "QUESTION: " without
/// echo. Throws Error{usage} for a file that others can read and for an empty secret,
/// Error{unreachable} when there is nothing and nobody to ask.
Secret read_secret(const SecretSource& source, const std::string& question,
                   const std::stop_token& stop);

} // namespace xenlab::lab
