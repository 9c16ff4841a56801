// SPDX-License-Identifier: GPL-3.0-or-later
// The sector that MBR and EBR share, as described in UEFI 2.10 section 5.2.1: boot code in bytes
// 0-439, disk signature at 440, four entries of 16 bytes from 446, 55 AA at 510.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace xenlab::partition {

constexpr std::uint8_t type_protective = 0xEE;
constexpr std::uint8_t type_raid = 0xFD;
constexpr std::uint8_t type_vmfs = 0xFB;

struct MbrEntry {
    std::uint8_t flag = 0; ///< 0x80: active
    std::uint8_t type = 0;
    std::uint32_t start = 0; ///< in an EBR relative, see ebr.hpp
    std::uint32_t sectors = 0;

    [[nodiscard]] bool used() const { return sectors != 0; }
    [[nodiscard]] bool extended() const { return type == 0x05 || type == 0x0F || type == 0x85; }
};

struct Mbr {
    bool signed_ = false; ///< ends with 55 AA
    std::uint32_t disk_signature = 0;
    std::array<MbrEntry, 4> entries;

    /// True if the flags are all 00 or 80: else the bytes are boot code or text of a filesystem.
    [[nodiscard]] bool plausible() const;
    [[nodiscard]] bool protective() const;
    [[nodiscard]] bool empty() const;
};

/// Reads the first 512 bytes; a shorter view is an unsigned sector.
Mbr parse_mbr(bytes::View sector);

/// "grub2", "grub-legacy", "windows-nt5", "windows-nt6", "windows-9x", "syslinux", "isolinux",
/// "lilo"; "none" if the first 440 bytes are zero, else "unknown".
std::string_view boot_code(bytes::View sector);

/// "0x0c"
std::string format_type(std::uint8_t type);

/// As sfdisk names it; empty if unknown.
std::string_view type_name(std::uint8_t type);

} // namespace xenlab::partition
