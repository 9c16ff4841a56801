// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes as hexadecimal text and back.
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::bytes {

enum class HexCase { lower, upper };

std::string to_hex(View data, HexCase letters = HexCase::lower);

/// Reads an even number of hex digits of either case and nothing else.
std::optional<std::vector<std::byte>> from_hex(std::string_view text);

} // namespace xenlab::bytes
