// SPDX-License-Identifier: GPL-3.0-or-later
// The volumes of a guest: what its partitions, logical volumes and bare disks hold.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/mapped_device.hpp>
#include <xenlab/block/read_cache.hpp>
#include <xenlab/partition/table.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xenlab::guest {

/// A disk of the guest, in the order in which it sees them.
struct Disk {
    block::BlockDevice* device = nullptr; ///< borrowed
    std::string ref;                      ///< "Ref:2"; empty for a raw disk
};

struct Volume {
    /// "p2" (partition 2), "disk" (a disk without a table), "vg0/root"; with several disks of
    /// which more than one could be meant "d1p2", "d1".
    std::string name;
    std::size_t disk = 0; ///< the first one it lies on
    std::string disk_ref;
    std::uint64_t size = 0;
    partition::Content content;
    unsigned partition = 0; ///< number; 0: none
    std::string part_uuid;  ///< as partition::Partition::uuid
    std::string part_name;
    std::uint64_t start = 0; ///< byte of the disk where a partition starts
    std::string unusable;    ///< why it cannot be read, in words (a thin volume, a missing PV)
    std::string way_out;     ///< what to do about that, in words
    std::unique_ptr<block::MappedDevice> device; ///< null when unusable
    std::unique_ptr<block::ReadCache> cache;     ///< over device
};

using Words = std::function<void(const std::string&)>;

/// All of them: partitions, bare filesystems, logical volumes. `warn` is told what is odd.
/// Extended partitions are left out; LVM physical volumes are listed, and their logical volumes
/// behind all partitions.
std::vector<Volume> find_volumes(const std::vector<Disk>& disks, const Words& warn);

} // namespace xenlab::guest
