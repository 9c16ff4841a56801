// SPDX-License-Identifier: GPL-3.0-or-later
// Disks of a pool as DISKSRC: vm:[CTX/]NAME[/DEVICE], vdi:UUID, snap:UUID.
#pragma once

#include <xenlab/disksrc/disk_source.hpp>

#include <memory>
#include <string>

namespace xenlab::disksrc {

bool is_pool_source(const std::string& name) noexcept;

std::unique_ptr<DiskSource> open_pool_source(const std::string& name, const OpenOptions& options);

/// "vm:web1/xvdb" -> the words for the VM and the device; the device may be empty.
struct VmWords {
    std::string vm, device;
};
VmWords split_vm_words(const std::string& words);

} // namespace xenlab::disksrc
