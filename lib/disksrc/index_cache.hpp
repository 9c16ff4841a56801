// SPDX-License-Identifier: GPL-3.0-or-later
// What is known about where the chunks of large archives lie, kept between runs.
#pragma once

#include <xenlab/xva/disks.hpp>

#include <string>

namespace xenlab::disksrc {

/// Takes up what an earlier run has found in the archive `path`, of which `fd` is open; keep()
/// saves what this run has found beyond that, if it took long enough to be worth a file. A cache:
/// nothing that goes wrong with it is told. The file is used only if it is ours alone, and names
/// the archive's inode, size and times as they are.
class IndexCache {
  public:
    IndexCache(std::string path, int fd);
    void take_up(xva::DiskIndex& index);
    void keep(const xva::DiskIndex& index) const noexcept;

  private:
    std::string archive_;
    std::string key_;  ///< what the archive was when it was opened
    std::string file_; ///< empty: no cache
};

} // namespace xenlab::disksrc
