// SPDX-License-Identifier: GPL-3.0-or-later
// What a partition table says, and what was recognised in each partition.
//
// Shapes follow the JSON of xva-mbr: offsets and sizes of disks in bytes, LBAs and sector counts in
// 512-byte sectors (disks with 4096-byte logical sectors are recognised by their GPT header's place
// and their numbers converted). Labels and names are UTF-8 as found: not yet safe for a terminal.
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
    Known known = Known::no; ///< no: looked and recognised nothing
    std::string fs;          ///< "vfat", "ntfs", "ext4", "xfs", "lvm2", "luks", "swap"…
    std::string version;     ///< as blkid's VERSION: "FAT32", LUKS "2", md "1.2"; mostly empty
    std::string label;       ///< empty if there is none
    std::string uuid;        ///< as blkid prints it; empty if there is none
    /// The label (and for BitLocker and UDF the uuid) lies where it was not read: NTFS $Volume, a
    /// FAT root directory. `label` may then still hold the older one of a FAT boot sector.
    bool label_unread = false;

    bool operator==(const Content&) const = default;
};

struct Partition {
    /// As Linux numbers them: primary 1-4, logical from 5, GPT entry index + 1.
    unsigned number = 0;
    std::string type;        ///< "0x0c", or the type GUID in upper case
    std::string type_name;   ///< "W95 FAT32 (LBA)" as sfdisk says; empty if unknown
    std::uint64_t start = 0; ///< first LBA
    std::uint64_t sectors = 0;
    bool active = false;   ///< MBR boot flag, or GPT attribute bit 2 (legacy BIOS bootable)
    bool extended = false; ///< an MBR container of logical partitions: its content is not probed
    std::string name;      ///< GPT partition name
    std::string uuid;      ///< GPT unique GUID in upper case as sfdisk prints it, or "5ca1ab1e-01"
    std::uint64_t attributes = 0; ///< GPT attribute bits, as stored
    Content content;
};

/// What became of the second copy of a GPT, at the end of the disk.
enum class Backup {
    none,   ///< not a GPT disk
    sound,  ///< says the same as the primary
    bad,    ///< damaged, missing or different: a warning says how
    unread, ///< it lies where nothing was read
    in_use, ///< the primary is damaged and the partitions come from the backup
};

/// A Table lists at most this many partitions, and warns when it left some out.
constexpr std::size_t max_partitions = 256;

struct Table {
    Label label = Label::none;
    std::string id; ///< "0x5ca1ab1e" or the disk GUID in upper case; empty without a table
    /// "grub2", "grub-legacy", "windows-nt5", "windows-nt6", "windows-9x", "syslinux", "isolinux",
    /// "lilo"; "none" if there is no code, "unknown" if it is another's; empty if not read.
    std::string boot_code;
    std::vector<Partition> partitions; ///< in order of number
    Content whole; ///< a filesystem, PV or container right on the disk, without a table
    std::uint64_t logical_sector_size = sector_size;
    /// GPT only, in 512-byte sectors.
    std::uint64_t first_usable_lba = 0, last_usable_lba = 0;
    Backup backup = Backup::none;
    std::vector<std::string> warnings; ///< in words: overlaps, out of range, unaligned, CRC…
    bool complete = true; ///< false: something in here was not read (see Known::unread)
};

/// The partition that holds the byte at `offset` of the disk (a logical one rather than its
/// container), or null.
const Partition* find_partition(const Table& table, std::uint64_t offset);

} // namespace xenlab::partition
