// SPDX-License-Identifier: GPL-3.0-or-later
// gzip (RFC 1952) and zstd (RFC 8878) streams, told by their content.
#pragma once

#include <xenlab/io/byte_source.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace xenlab::io {

enum class Compression { none, gzip, zstd };

std::string_view name_of(Compression compression) noexcept;

/// What the first bytes (4 are enough) say.
Compression detect_compression(std::span<const std::byte> head) noexcept;

struct DecompressLimits {
    std::uint64_t window = 128ULL << 20U; ///< most memory that a zstd window may take
};

/// The content of a compressed source. Several members or frames in a row are one content, as for
/// gunzip and unzstd; zero bytes after the last one are padding. read() throws StreamError when the
/// data is cut off, damaged (checksums included) or followed by garbage, and Error{precondition}
/// when a zstd frame needs a larger window than allowed. position() counts compressed bytes.
std::unique_ptr<ByteSource> decompress(std::unique_ptr<ByteSource> source, Compression compression,
                                       const DecompressLimits& limits = {});

} // namespace xenlab::io
