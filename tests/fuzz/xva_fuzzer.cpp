// SPDX-License-Identifier: GPL-3.0-or-later
// links: xva
// Verifies an archive. What is called good must have given every byte of every disk, in order.
#include "fuzz.hpp"

#include <xenlab/xva/verify.hpp>

#include <map>

using namespace xenlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    for (const bool keep_going : {false, true}) {
        std::map<std::size_t, std::uint64_t> ends;
        const auto advance = [&](std::size_t disk, std::uint64_t offset, std::uint64_t length) {
            auto& end = ends[disk];
            fuzz::require(offset >= end, "a disk's data comes in ascending order");
            end = offset + length;
            fuzz::require(end >= offset, "ranges do not wrap around");
        };
        xva::VerifyEvents events;
        events.data = [&](std::size_t disk, std::uint64_t offset, std::span<const std::byte> part) {
            advance(disk, offset, part.size());
        };
        events.hole = advance;
        fuzz::refused([&] {
            const auto report =
                xva::verify(std::make_unique<io::MemorySource>(input), {keep_going, 1}, events);
            fuzz::require(report.problems.size() <= xva::max_problems, "the report is bounded");
            if (report.ok()) {
                for (std::size_t disk = 0; disk < report.disks.size(); ++disk) {
                    const auto& facts = report.disks[disk].disk;
                    fuzz::require(!facts.size_known || ends[disk] == facts.virtual_size,
                                  "a good disk is as long as its record says");
                }
            }
        });
    }
    return 0;
}
