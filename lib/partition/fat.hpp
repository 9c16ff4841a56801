// SPDX-License-Identifier: GPL-3.0-or-later
// The geometry of FAT, exFAT and NTFS volumes, as far as their labels need it. In bytes from the
// start of the volume.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <cstdint>
#include <optional>

namespace xenlab::partition {

/// A FAT or exFAT volume with its clusters chained by 32-bit entries, or a fixed root directory.
struct FatGeometry {
    unsigned bits = 0;              ///< 12, 16, 32; 64 for exFAT
    std::uint64_t fat = 0;          ///< the first allocation table
    std::uint64_t heap = 0;         ///< cluster 2; with 12 and 16 bits the root directory
    std::uint64_t cluster_size = 0; ///< with 12 and 16 bits the size of the root directory
    std::uint32_t clusters = 0;
    std::uint32_t root_cluster = 0; ///< 32 and 64 bits only
};

/// Nothing if the boot sector is not that of a FAT volume.
std::optional<FatGeometry> fat_geometry(bytes::View head);
std::optional<FatGeometry> exfat_geometry(bytes::View head);

struct NtfsGeometry {
    std::uint64_t mft = 0;
    std::uint32_t record_size = 0;
};

std::optional<NtfsGeometry> ntfs_geometry(bytes::View head);

} // namespace xenlab::partition
