// SPDX-License-Identifier: GPL-3.0-or-later
// Whole directories. What a guest says about names is checked: nothing is written outside of the
// folder that was asked for.
#pragma once

#include "copy.hpp"

namespace xenlab::serial_cli {

/// The last component of a guest's path, with \ as a separator, too. Throws when it is none.
std::string safe_name(const std::string& guest_path);
void put_tree(Client& client, const std::string& local, const std::string& guest,
              const CopyOptions& options);
void get_tree(Client& client, const std::string& guest, const std::string& local,
              const CopyOptions& options);

} // namespace xenlab::serial_cli
