// SPDX-License-Identifier: GPL-3.0-or-later
// The config file of drbl-deploy: the usual server, and jobs that are done again and again. A part
// of TOML: comments, tables, and keys whose values are strings, whole numbers, true or false.
//
//   server = "root@drbl.lab"
//   [profile.gold]
//   hosts = "10.0.0.5-20"
//   disk = "sda"
//   clients = 16
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xenlab::drbl {

/// Names of settings with their values, in the order of the file.
using Settings = std::vector<std::pair<std::string, std::string>>;

struct Profiles {
    std::string server;
    std::map<std::string, Settings> named;

    /// Throws Error{not_found} with a near miss.
    [[nodiscard]] const Settings& find(const std::string& name) const;
};

/// Throws Error{usage} "FILE: line 3: …".
Profiles parse_profiles(std::string_view text, std::string_view file);

} // namespace xenlab::drbl
