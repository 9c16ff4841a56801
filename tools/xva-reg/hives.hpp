// SPDX-License-Identifier: GPL-3.0-or-later
// Which file of the guest holds a key, and how it is loaded and put back.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/guest/guest.hpp>
#include <xenlab/registry/hive.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xva_reg {

/// A hive of the guest in memory.
struct LoadedHive {
    xenlab::guest::Place place;
    std::string prefix; ///< how its keys are written in .reg files: "HKEY_LOCAL_MACHINE\SYSTEM"
    bool bcd = false;
    std::vector<std::byte> bytes; ///< as in the file, with its logs applied
    bool recovered = false;       ///< logs were applied
};

/// A key as the user wrote it, split into hive and path below its root.
struct KeyName {
    std::string hive; ///< "system", …, or a guest path
    std::string path; ///< "ControlSet001\Services"
};

/// `hive` is the --hive option, which may be empty. Throws Error{usage} when neither says where.
KeyName parse_key(const std::string& key, const std::string& hive);

/// Finds and loads. Logs are applied in memory; for writing Error{precondition} unless `recover`.
LoadedHive load_hive(xenlab::guest::Guest& guest, const std::string& hive,
                     const xenlab::cli::Context& context, bool write, bool recover);

/// CurrentControlSet and the words of BCD resolved.
std::string resolve(const xenlab::registry::Hive& hive, const LoadedHive& loaded,
                    const std::string& path);

} // namespace xva_reg
