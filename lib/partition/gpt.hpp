// SPDX-License-Identifier: GPL-3.0-or-later
// GPT headers and entries as in UEFI 2.10 section 5.3: what they say, without reading anything.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace xenlab::partition {

constexpr std::string_view gpt_signature = "EFI PART";
constexpr std::string_view guid_raid = "A19D880F-05FC-4D3B-A006-743F0F84911E";
constexpr std::string_view guid_vmfs = "AA31E02A-400F-11DB-9590-000C2911D1B8";

/// LBAs are in logical sectors of the disk.
struct GptHeader {
    std::uint64_t lba = 0; ///< where this copy says it is
    std::uint64_t alternate = 0;
    std::uint64_t first_usable = 0;
    std::uint64_t last_usable = 0;
    std::string disk_guid;
    std::uint64_t entries_lba = 0;
    std::uint32_t entry_count = 0;
    std::uint32_t entry_size = 0;
    std::uint32_t entries_crc = 0;

    [[nodiscard]] std::uint64_t entries_bytes() const
    {
        return std::uint64_t{entry_count} * entry_size;
    }
    /// True if both copies describe the same table.
    [[nodiscard]] bool same_table(const GptHeader& other) const;
};

/// In words for a warning: "its checksum is wrong".
struct Unsound {
    std::string why;
};

/// The header in `sector`, a logical sector that was read at `lba`.
std::variant<GptHeader, Unsound> parse_gpt_header(bytes::View sector, std::uint64_t lba);

struct GptEntry {
    std::string type; ///< GUID
    std::string uuid; ///< GUID
    std::uint64_t first = 0;
    std::uint64_t last = 0; ///< inclusive
    std::uint64_t attributes = 0;
    std::string name;
};

/// The entry in `data`, at least 128 bytes; nothing if its type is the unused one.
std::optional<GptEntry> parse_gpt_entry(bytes::View data);

/// As sfdisk names it; empty if unknown.
std::string_view type_name(std::string_view guid);

} // namespace xenlab::partition
