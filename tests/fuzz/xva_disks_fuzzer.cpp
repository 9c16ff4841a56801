// links: xva
// SPDX-License-Identifier: GPL-3.0-or-later
// The two readers of disks on the same bytes: what both can read must be the same.
#include <xenlab/base/error.hpp>
#include <xenlab/xva/disks.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace xenlab;

void seal(std::span<unsigned char> data) // as in xva_verify_fuzzer.cpp
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

std::unique_ptr<io::FdSource> file_of(const std::string& content)
{
    io::Fd fd(::memfd_create("archive", MFD_CLOEXEC));
    io::write_all(fd.get(), std::as_bytes(std::span(content)), "memfd");
    ::lseek(fd.get(), 0, SEEK_SET);
    return std::make_unique<io::FdSource>(std::move(fd), "memfd", std::stop_token());
}

template <typename Function>
auto or_nothing(Function function) -> std::optional<decltype(function())>
{
    try {
        return function();
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// The places to look at: the front, the end, and some in between.
std::vector<std::uint64_t> places(std::uint64_t size)
{
    std::vector<std::uint64_t> all;
    for (const std::uint64_t at :
         {std::uint64_t{0}, std::uint64_t{500}, std::uint64_t{1000}, std::uint64_t{2048},
          std::uint64_t{5000}, size / 2, size - std::min<std::uint64_t>(size, 600),
          size - std::min<std::uint64_t>(size, 1)})
        if (at < size)
            all.push_back(at);
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string archive(reinterpret_cast<const char*>(data), size);
    seal({reinterpret_cast<unsigned char*>(archive.data()), archive.size()});
    const xva::DamageHandler ignore = [](const std::string&) {};
    const auto index =
        or_nothing([&] { return std::make_unique<xva::DiskIndex>(file_of(archive), ignore); });
    const auto stream = or_nothing([&] {
        return std::make_unique<xva::DiskStream>(
            std::make_unique<io::MemorySource>(std::as_bytes(std::span(archive))), ignore);
    });
    if (!index || !stream)
        return 0;
    const std::size_t disks = std::min<std::size_t>((*index)->metadata().disks.size(), 4);
    if (disks == 0 || !(*index)->metadata().disks[0].size_known)
        return 0;
    for (std::size_t disk = 0; disk < disks; ++disk) {
        const auto device = (*index)->open(disk);
        for (const std::uint64_t at : places(device->size())) {
            std::vector<std::byte> a(std::min<std::uint64_t>(512, device->size() - at));
            std::vector<std::byte> b(a.size());
            const auto read = or_nothing([&] {
                device->read(at, a);
                return true;
            });
            const auto streamed = or_nothing(
                [&] { return (*stream)->read(disk, at, b, block::ForwardDisks::no_limit); });
            if (!read || !streamed || !*streamed)
                continue;
            if (**streamed != a.size() || a != b)
                std::abort();
        }
    }
    return 0;
}
