// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of the verifier share: a good archive, ways to damage it, and the report in lines.
#pragma once

#include "support/archive.hpp"

#include <xenlab/xva/verify.hpp>

#include <gtest/gtest.h>

namespace xenlab::xva::test {

using namespace xenlab::test;

inline constexpr std::uint64_t mib = 1U << 20U;

inline Report check(const std::string& archive, bool keep_going = true, unsigned threads = 1)
{
    return verify(std::make_unique<io::MemorySource>(view(archive)),
                  {.keep_going = keep_going, .hash_threads = threads});
}

/// "checksum Ref:2/00000001 1024+300" for each problem, a line each.
inline std::string lines(const Report& report)
{
    std::string out;
    for (const Problem& p : report.problems) {
        out += name_of(p.kind);
        if (!p.chunk.empty())
            out += " " + p.chunk;
        if (p.offset)
            out += " " + std::to_string(*p.offset) + "+" + std::to_string(p.length.value_or(0));
        out += '\n';
    }
    return out;
}

inline std::string message(const Report& report)
{
    return report.problems.empty() ? "" : report.problems[0].message;
}

inline std::string two_disks()
{
    return OvaXml().vm().disk("Ref:2", 3000).disk("Ref:11", 1024, "1").text();
}

/// Ref:11 comes before Ref:2.
inline Archive good()
{
    return Archive()
        .metadata(two_disks())
        .chunk("Ref:11", 0, noise(1024))
        .chunk("Ref:2", 0, noise(1024, 2))
        .chunk("Ref:2", 1, noise(1024, 3))
        .chunk("Ref:2", 2, noise(952, 4));
}

inline std::string damaged(std::string bytes, std::string_view content)
{
    const std::size_t at = bytes.find(content);
    EXPECT_NE(at, std::string::npos);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
}

} // namespace xenlab::xva::test
