// SPDX-License-Identifier: GPL-3.0-or-later
// LVM2 logical volumes as ranges of their physical volumes. On-disk format: LVM2,
// lib/format_text/layout.h (label, PV header, metadata area) and lvm.conf(5)'s syntax of the
// metadata text.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/block/mapped_device.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace xenlab::partition {

struct LogicalVolume {
    std::string group;
    std::string name;
    std::string uuid;
    std::uint64_t size = 0;
    std::size_t first_pv = 0; ///< index of the physical volume it starts on
    /// Why it cannot be mapped, in words: a kind other than linear and striped, a missing PV.
    std::string unusable;
    std::vector<block::Segment> segments; ///< empty when unusable
};

/// All visible logical volumes of the physical volumes, which may belong to several groups. `warn`
/// is told about physical volumes that cannot be read and groups that lack some.
std::vector<LogicalVolume> read_lvm(const std::vector<block::BlockDevice*>& physical,
                                    const std::function<void(const std::string&)>& warn);

} // namespace xenlab::partition
