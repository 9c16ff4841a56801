// links: xva
// SPDX-License-Identifier: GPL-3.0-or-later
// The whole verifier over any bytes. The last byte chooses the number of threads. Tar checksums are
// put right first, for a fuzzer does not guess them.
#include <xenlab/xva/verify.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>

namespace {

using namespace xenlab;

/// Writes the checksum into each block that says it is a header by an 'S' in front of it.
void seal(std::span<unsigned char> data)
{
    for (std::size_t at = 0; at + 512 <= data.size(); at += 512) {
        unsigned char* block = data.data() + at;
        if (block[148] != 'S')
            continue;
        std::memset(block + 148, ' ', 8);
        unsigned sum = 0;
        for (std::size_t i = 0; i < 512; ++i)
            sum += block[i];
        char text[16];
        std::snprintf(text, sizeof text, "%07o", sum);
        std::memcpy(block + 148, text, 8);
    }
}

std::string verdict(const std::string& archive, bool keep_going, unsigned threads)
{
    xva::VerifyEvents events;
    std::uint64_t reached = 0;
    std::size_t disk_before = 0;
    events.data = [&](std::size_t disk, std::uint64_t, std::span<const std::byte> bytes) {
        reached += bytes.size();
        disk_before = disk;
    };
    const xva::Report report =
        xva::verify(std::make_unique<io::MemorySource>(std::as_bytes(std::span(archive))),
                    {.keep_going = keep_going, .hash_threads = threads}, events);
    if (reached > archive.size() || report.problems.size() > xva::max_problems)
        std::abort();
    std::string out;
    for (const xva::Problem& problem : report.problems) {
        if (problem.message.find('\n') != std::string::npos ||
            (problem.disk && *problem.disk >= report.disks.size()))
            std::abort();
        out += std::string(name_of(problem.kind)) + " " + problem.message + "\n";
    }
    if (report.ok())
        for (const xva::DiskReport& disk : report.disks)
            if (disk.disk.size_known && disk.end != disk.disk.virtual_size)
                std::abort();
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string archive(reinterpret_cast<const char*>(data), size);
    seal({reinterpret_cast<unsigned char*>(archive.data()), archive.size()});
    try {
        const unsigned threads = size == 0 ? 1 : data[size - 1] % 3;
        const std::string all = verdict(archive, true, 1);
        if (threads > 1 && verdict(archive, true, threads) != all)
            std::abort();
        const std::string first = verdict(archive, false, 1);
        if (!all.starts_with(first) || first.empty() != all.empty())
            std::abort();
    } catch (const Error&) {
    }
    return 0;
}
