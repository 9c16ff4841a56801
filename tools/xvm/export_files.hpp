// SPDX-License-Identifier: GPL-3.0-or-later
// Where the archives of an export go.
#pragma once

#include "batch.hpp"
#include "rows.hpp"

#include <map>

namespace xvm {

class ExportFiles {
  public:
    /// `output` is a file for one VM, or a folder (it exists, or ends with "/" and is made), in
    /// which each gets "NAME.xva". Throws Error{usage} for several VMs and a file.
    ExportFiles(const std::string& output, const std::string& suffix,
                const std::vector<lab::VmTarget>& vms);
    [[nodiscard]] const std::string& path_of(const lab::VmTarget& vm) const;

  private:
    std::map<std::string, std::string> paths_; ///< by reference
};

/// A VM's name as the name of a file: no path, nothing hidden, nothing that a terminal obeys.
std::string file_name_for(const std::string& vm_name);

/// Throws Error{precondition} for a regular file that exists, unless it may be replaced.
void check_target(const std::string& path, bool overwrite);

} // namespace xvm
