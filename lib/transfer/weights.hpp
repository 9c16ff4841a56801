// SPDX-License-Identifier: GPL-3.0-or-later
// How much of an export is done. The stream tells where in which disk it is, but says nothing of
// the holes still to come; so each disk counts as much as it takes on its SR.
#pragma once

#include <xenlab/lab/connect.hpp>
#include <xenlab/xva/metadata.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace xenlab::transfer {

class Weights {
  public:
    /// Asks for the disks of the VM; one request each.
    Weights(xapi::Session& session, const xapi::Vm& vm);

    /// The disks in the order of the archive.
    void set_disks(const std::vector<xva::Disk>& disks);

    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
    /// `position` counts on all disks together, by their sizes.
    [[nodiscard]] std::uint64_t done(std::uint64_t position) const noexcept;

  private:
    struct Share {
        std::uint64_t size = 0, weight = 0;
    };
    std::map<std::string, std::uint64_t> used_; ///< by uuid
    std::vector<Share> shares_;
    std::uint64_t total_ = 0;
};

} // namespace xenlab::transfer
