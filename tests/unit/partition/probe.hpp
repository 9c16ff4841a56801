// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of single formats share: a bare disk, written by hand and probed as a whole. What
// tools do write is in witness_contents_test.cpp.
#pragma once

#include "detect.hpp"
#include "disk.hpp"

#include <string_view>

namespace xenlab::partition::test {

inline constexpr std::string_view uuid_bytes = "00112233445566778899aabbccddeeff";
inline constexpr std::string_view uuid_text = "00112233-4455-6677-8899-aabbccddeeff";

/// A bare disk, probed as a whole.
class Probe : public testing::Test {
  protected:
    MemoryDisk disk{64 * mib};

    Content whole() { return table_of(disk).whole; }
    Content head_only() { return drive(disk, {.limit = 72 << 10}).table.whole; }
};

} // namespace xenlab::partition::test
