// SPDX-License-Identifier: GPL-3.0-or-later
// What a partition table says, and what was recognised in each partition.
//
// Shapes follow the JSON of xva-mbr: offsets and sizes of disks in bytes, LBAs and sector counts in
// 512-byte sectors (disks with 4096-byte logical sectors are recognised by their GPT header's place and
// their numbers converted).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xenlab::partition {

constexpr std::uint64_t sector_size = 512;

enum class Label { none, dos, gpt, unread };

/// Whether the bytes that would answer a question were read.
enum class Known { yes, no, unread };

/// What a volume holds, told by the magic numbers that blkid uses.
struct Content {
    Known known = Known::no;   ///< no: looked and recognised nothing
    std::string fs;            ///< "vfat", "ntfs", "ext4", "xfs", "lvm2", "luks", "bitlocker", "swap"…
    std::string label;         ///< UTF-8; empty if there is none
    std::string uuid;          ///< as blkid prints it; empty if there is none
    bool label_unread = false; ///< the label lies where it was not read (NTFS $Volume, FAT root directory)
};

struct Partition {
    unsigned number = 0;     ///< as Linux numbers them: primary 1-4, logical from 5, GPT entry index + 1
    std::string type;        ///< "0x0c", or the type GUID in upper case
    std::string type_name;   ///< "W95 FAT32 (LBA)"; empty if unknown
    std::uint64_t start = 0; ///< first LBA
    std::uint64_t sectors = 0;
    bool active = false;  ///< MBR boot flag, or GPT attribute bit 2 (legacy BIOS bootable)
    bool extended = false; ///< an MBR container of logical partitions: its content is not probed
    std::string name;     ///< GPT partition name, UTF-8
    std::string uuid;     ///< GPT unique GUID, or DISKSIG-NN for MBR, as blkid's PARTUUID
    std::uint64_t attributes = 0; ///< GPT attribute bits, as stored
    Content content;
};

struct Table {
    Label label = Label::none;
    std::string id;        ///< "0x5ca1ab1e" or the disk GUID in upper case; empty without a table
    std::string boot_code; ///< "grub2", "grub-legacy", "windows-nt5", "windows-nt6", "syslinux"…; "none", "unknown"
    std::vector<Partition> partitions; ///< in order of number
    Content whole;         ///< a filesystem, PV or container right on the disk, without a table
    std::uint64_t logical_sector_size = sector_size;
    std::uint64_t first_usable_lba = 0, last_usable_lba = 0; ///< GPT only, 512-byte sectors
    std::vector<std::string> warnings; ///< in words: overlaps, out of range, unaligned, CRC, hybrid…
    bool complete = true;  ///< false: something in here was not read (see Known::unread)
};

/// The partition that holds the byte at `offset` of the disk (a logical one rather than its container).
const Partition* find_partition(const Table& table, std::uint64_t offset);

} // namespace xenlab::partition
