// SPDX-License-Identifier: GPL-3.0-or-later
// Superblocks of Linux software RAID, which are at the front or at the end of a member.
#pragma once

#include "detect.hpp"

namespace xenlab::partition {

/// Version 1 at `offset` of the member; `data` begins there.
Detected detect_md1(bytes::View data, std::uint64_t offset, std::string version);

/// Version 0.90.
Detected detect_md0(bytes::View data);

} // namespace xenlab::partition
