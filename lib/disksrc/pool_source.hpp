// SPDX-License-Identifier: GPL-3.0-or-later
// Disks of a pool as DISKSRC: vm:[CTX/]NAME[/DEVICE], vdi:UUID, snap:UUID.
#pragma once

#include <xenlab/disksrc/disk_source.hpp>
#include <xenlab/xapi/session.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace xenlab::disksrc {

bool is_pool_source(const std::string& name) noexcept;

std::unique_ptr<DiskSource> open_pool_source(const std::string& name, const OpenOptions& options);

struct NamedDisk {
    std::string device; ///< "xvda"
    std::uint64_t position = 0;
    xapi::Object<xapi::Vdi> vdi;
};
/// All disks of a VM by their positions, no CDs.
std::vector<NamedDisk> disks_of_vm(xapi::Session& session, const xapi::Vm& vm);
/// The one disk of a device's name or position, or all when it is empty. Throws Error{not_found}.
std::vector<NamedDisk> choose_device(std::vector<NamedDisk> all, const std::string& device);

/// "vm:web1/xvdb" -> the words for the VM and the device; the device may be empty.
struct VmWords {
    std::string vm, device;
};
VmWords split_vm_words(const std::string& words);

} // namespace xenlab::disksrc
