// SPDX-License-Identifier: GPL-3.0-or-later
// The fixed structures of VHD images. Format facts: Microsoft, "Virtual Hard Disk Image Format
// Specification", version 1.0 of October 11, 2006 ("VHD spec" below, sections by their titles).
// Integers are big-endian.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace xenlab::block::vhd {

inline constexpr std::uint32_t sector_size = 512;
inline constexpr std::uint32_t footer_size = 512;
inline constexpr std::uint32_t header_size = 1024;
inline constexpr std::uint32_t default_block_size = 2U << 20U;
inline constexpr std::uint32_t unused_entry = 0xFFFFFFFF; ///< in the BAT: block not allocated

/// What Hyper-V, qemu and xapi take as the largest disk: BAT entries are 32-bit sector numbers in a
/// file that also holds bitmaps.
inline constexpr std::uint64_t max_disk_size = std::uint64_t{2040} << 30U;

/// 1 January 2000, 0:00 UTC, where time stamps start, in seconds since 1970.
inline constexpr std::int64_t epoch = 946684800;

/// "Hard Disk Footer Format", Disk Type.
enum class Type : std::uint32_t { fixed = 2, dynamic = 3, differencing = 4 };

using Uuid = std::array<std::byte, 16>;

/// "Hard Disk Footer Format", Disk Geometry. Old BIOSes and Virtual PC look at it; the size of the
/// disk is Footer::current_size.
struct Geometry {
    std::uint16_t cylinders = 0;
    std::uint8_t heads = 0;
    std::uint8_t sectors_per_track = 0;

    bool operator==(const Geometry&) const = default;
};

/// "Appendix: CHS Calculation". The product may be less than `sectors`, never more.
Geometry geometry_of(std::uint64_t sectors) noexcept;

/// "Hard Disk Footer Format": the last 512 bytes of every image; dynamic and differencing images
/// have a copy at 0.
struct Footer {
    std::uint64_t data_offset = ~std::uint64_t{0}; ///< of the header; all ones in a fixed image
    std::uint32_t timestamp = 0;                   ///< of creation, seconds since `epoch`
    std::array<char, 4> creator_application{};
    std::uint32_t creator_version = 0; ///< major << 16 | minor
    std::array<char, 4> creator_host_os{};
    std::uint64_t original_size = 0; ///< bytes
    std::uint64_t current_size = 0;  ///< bytes: the size of the disk
    Geometry geometry;
    Type type = Type::fixed;
    Uuid uuid{};

    bool operator==(const Footer&) const = default;
};

/// "Dynamic Disk Header Format", Parent Locator Entry: where a path to the parent is stored in this
/// file.
struct ParentLocator {
    std::uint32_t platform = 0;    ///< platform code, four characters; 0 for none
    std::uint32_t data_length = 0; ///< bytes
    std::uint64_t data_offset = 0;
};

inline constexpr std::uint32_t platform_w2ru = 0x57327275; ///< relative Windows path, UTF-16LE
inline constexpr std::uint32_t platform_w2ku = 0x57326B75; ///< absolute Windows path, UTF-16LE
inline constexpr std::uint32_t platform_macx = 0x4D616358; ///< file URL, UTF-8 (RFC 2396)

/// "Dynamic Disk Header Format".
struct Header {
    std::uint64_t table_offset = 0;      ///< of the block allocation table (BAT)
    std::uint32_t max_table_entries = 0; ///< may be more than the disk has blocks
    std::uint32_t block_size = default_block_size;
    Uuid parent_uuid{}; ///< the parent's Footer::uuid; zero: the parent is a raw disk (blktap)
    std::uint32_t parent_timestamp = 0; ///< of the parent's last change, seconds since `epoch`
    std::string parent_name;            ///< UTF-8, from at most 256 units of UTF-16BE
    std::array<ParentLocator, 8> locators{};
};

/// Throw Error{bad_data} for another cookie, a wrong checksum, another format version, an unknown
/// disk type, a disk above max_disk_size, or a block size that is not a power of two from 512 bytes
/// to 256 MiB. A footer of 511 bytes, as Virtual PC before 2004 wrote them, is taken as ending with
/// a zero.
Footer decode_footer(bytes::View data);
Header decode_header(bytes::View data);

/// Whole structures with right checksums. A header is written without parent.
std::array<std::byte, footer_size> encode_footer(const Footer& footer);
std::array<std::byte, header_size> encode_header(const Header& header);

/// Whether a file is (meant as) a VHD. `head` is its front and `tail` its end, 512 bytes of each.
/// Only the cookies count, so that a damaged VHD is not taken for a raw disk.
bool is_vhd(bytes::View head, bytes::View tail) noexcept;

/// Bytes of a block's sector bitmap: one bit a sector, padded to whole sectors ("Block Allocation
/// Table and Data Blocks").
constexpr std::uint32_t bitmap_size(std::uint32_t block_size) noexcept
{
    const std::uint32_t bits = block_size / sector_size;
    return (bits + 8 * sector_size - 1) / (8 * sector_size) * sector_size;
}

/// "8e6a4a5c-…"
std::string to_string(const Uuid& uuid);

} // namespace xenlab::block::vhd
