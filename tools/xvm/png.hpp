// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace xvm {

/// A PNG (ISO/IEC 15948) of 8-bit RGB pixels, three bytes each. Not compressed: a picture of a
/// screen is small enough, and a compressor is a library more.
std::string encode_png(std::uint32_t width, std::uint32_t height, std::span<const std::byte> rgb);

} // namespace xvm
