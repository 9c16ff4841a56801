// SPDX-License-Identifier: GPL-3.0-or-later
// Clients that are VMs of a XAPI pool: their network cards are what DRBL knows them by.
#pragma once

#include "globals.hpp"

#include <xenlab/drbl/image.hpp>
#include <xenlab/drbl/targets.hpp>
#include <xenlab/lab/connect.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace drbl_deploy {

struct VmCards {
    std::string name; ///< printable
    std::vector<std::string> macs;
    std::vector<std::uint64_t> disks; ///< sizes in bytes, in the order of their device numbers
};

/// The VMs that a name or glob means, in the pool's order, with their disks. Throws as
/// lab::resolve_vms.
std::vector<VmCards> cards_of_vms(const lab::ConnectOptions& connect, const std::string& glob,
                                  const cli::Context& context);

/// One word for each VM: that of its cards which the server knows. Throws Error{not_found} naming
/// the VMs without any.
std::vector<drbl::TargetWord> words_of_vms(const std::vector<VmCards>& vms,
                                           const drbl::Clients& known);

/// The disks that a job means of each VM. What a VM does not have goes into `missing`, as words.
std::vector<drbl::TargetDisk> targets_of_vms(const std::vector<VmCards>& vms,
                                             const std::vector<std::string>& devices,
                                             std::vector<std::string>& missing);

} // namespace drbl_deploy
