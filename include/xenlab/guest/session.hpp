// SPDX-License-Identifier: GPL-3.0-or-later
// A DISKSRC opened as a guest's files.
#pragma once

#include <xenlab/disksrc/disk_source.hpp>
#include <xenlab/disksrc/spool.hpp>
#include <xenlab/guest/guest.hpp>

#include <memory>
#include <string>
#include <vector>

namespace xenlab::guest {

struct SessionOptions {
    std::string source;
    std::string disk; ///< "" and "all": all disks; a number from 0, or a reference
    disksrc::OpenOptions open;
    disksrc::SpoolOptions spool;
    GuestOptions guest;
    Words warn; ///< damaged chunks
};

/// Owns all from the source up. One thread.
class Session {
  public:
    explicit Session(const SessionOptions& options);

    [[nodiscard]] Guest& guest() noexcept { return *guest_; }
    [[nodiscard]] disksrc::DiskSource& source() noexcept { return *source_; }
    /// Number of each of the guest's disks in the source.
    [[nodiscard]] const std::vector<std::size_t>& numbers() const noexcept { return numbers_; }
    /// Something that was read does not match its checksum.
    [[nodiscard]] bool damaged() const noexcept { return *damaged_; }

  private:
    std::shared_ptr<bool> damaged_ = std::make_shared<bool>(false);
    std::unique_ptr<disksrc::DiskSource> source_;
    std::vector<std::size_t> numbers_;
    std::unique_ptr<Guest> guest_;
};

} // namespace xenlab::guest
