// SPDX-License-Identifier: GPL-3.0-or-later
// The disks of a pool that are to be changed, and the VM that must not run meanwhile.
#pragma once

#include "pool_source.hpp"

#include <xenlab/lab/connect.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xenlab::disksrc {

/// The disks of a name, and the VM that they belong to.
struct Target {
    lab::Pool* pool = nullptr;
    std::optional<xapi::Object<xapi::Vm>> vm; ///< none: a disk that nobody has
    std::vector<NamedDisk> disks;
};

/// Of "vm:NAME[/DEVICE]" or "vdi:UUID". Throws Error{precondition} for a snapshot.
Target find_target(lab::Pools& pools, const std::string& name);

/// Throws Error{precondition} unless nobody but us will touch the disks.
void check_target(const Target& target);

/// Exports and NBD connections that we have closed: the server lets go of the disk some time later.
/// Returns after 20 s at the latest; what is held even then, check_target() tells.
void wait_for_transfers(const Target& target);

/// Keeps a VM from being started; released again whatever happens.
class Hold {
  public:
    explicit Hold(const Target& target);
    ~Hold() { release(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

  private:
    void release() noexcept;

    xapi::Session& session_;
    xapi::Ref<xapi::Vm> vm_;
    std::vector<std::string> held_;
};

} // namespace xenlab::disksrc
