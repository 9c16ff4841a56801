// SPDX-License-Identifier: GPL-3.0-or-later
// Headers in the dialect of XVA archives, for entries of an archive that is being written.
#pragma once

#include <xenlab/tar/header.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace xenlab::tar {

using HeaderBlock = std::array<std::byte, block_size>;

constexpr std::size_t max_name = 99; ///< a V7 name ends with a NUL

/// A V7 header of a regular file as xapi writes it (ocaml-tar): mode 0400, owner 0, no magic, the
/// checksum as seven digits and a NUL. Throws Error{failed} for a name longer than max_name.
HeaderBlock v7_header(std::string_view name, std::uint64_t size, std::uint64_t mtime = 0);

/// The header of another entry, given another name and size: dialect, mode, owner and times stay,
/// and the checksum is written in the form that `like` has. Throws as above.
HeaderBlock header_like(std::span<const std::byte> like, std::string_view name, std::uint64_t size);

/// The two zero blocks at the end of an archive.
constexpr std::size_t end_size = 2 * block_size;

} // namespace xenlab::tar
