// SPDX-License-Identifier: GPL-3.0-or-later
// The 512-byte headers of tar archives, as met in XVA files: V7 (xapi, xva-img), POSIX ustar (Xen
// Orchestra, bsdtar) and GNU. Format: POSIX.1-2017 pax, "ustar Interchange Format"; V7 has no
// magic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace xenlab::tar {

constexpr std::size_t block_size = 512;

enum class Dialect { v7, ustar, gnu };

struct Header {
    std::string name; ///< with the ustar prefix joined; bytes as stored
    std::uint64_t size = 0;
    char type = '0';  ///< '0' for a regular file in every dialect ('\0' and '7' are mapped to it)
    std::string link; ///< target of a link
    Dialect dialect = Dialect::v7;
};

/// Whether the block is all zeros.
bool is_zero(std::span<const std::byte> block) noexcept;

/// Reads a header block of exactly block_size bytes. Nothing when it is not a tar header: the
/// checksum is wrong or a number is malformed; then `why` says so.
///
/// The checksum sums all bytes but its own field, so that field is read strictly: zero-padded octal
/// as "ddddddd\0" (V7 as xapi writes it), "dddddd\0 " (POSIX) or "dddddd \0" (npm tar-stream),
/// blank-padded only when the size is blank-padded too. Then no single flipped bit in a header goes
/// unnoticed.
std::optional<Header> parse_header(std::span<const std::byte> block, std::string* why = nullptr);

/// Bytes that follow the content up to the next block boundary.
constexpr std::uint64_t padding(std::uint64_t size) noexcept
{
    return (block_size - size % block_size) % block_size;
}

} // namespace xenlab::tar
