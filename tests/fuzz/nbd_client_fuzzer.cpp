// SPDX-License-Identifier: GPL-3.0-or-later
// links: nbd
// The input is what a server says to our client, which reads here and there, in a row and the
// extents.
#include "memory_channel.hpp"

#include <xenlab/nbd/client.hpp>
#include <xenlab/nbd/uri.hpp>

#include <array>

using namespace xenlab;

namespace {

void read(block::BlockDevice& device, std::uint64_t offset, std::size_t length)
{
    if (offset >= device.size())
        return;
    std::vector<std::byte> buffer(
        static_cast<std::size_t>(std::min<std::uint64_t>(length, device.size() - offset)));
    device.read(offset, buffer);
}

void check_extents(block::BlockDevice& device, std::uint64_t offset)
{
    if (offset >= device.size())
        return;
    const std::uint64_t end = device.size();
    for (const block::Extent& one : device.extents(offset, end - offset)) {
        fuzz::require(one.offset == offset && one.length > 0 && one.length <= end - offset,
                      "extents are in order, without gaps and inside the range");
        offset += one.length;
    }
    fuzz::require(offset == end, "extents cover the range");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    fuzz::refused([&] {
        const auto device =
            nbd::open_export(std::make_unique<fuzz::MemoryChannel>(input, size % 50, 1U << 20), "a",
                             "", {.read_ahead = 1U << 20});
        fuzz::require(device->size() < 1ULL << 63, "sizes fit an off_t");
        // A request that the server answers with an error does not end the connection.
        fuzz::refused([&] { read(*device, 0, 100); });
        fuzz::refused([&] { check_extents(*device, 1000); });
        fuzz::refused([&] { read(*device, 4097, 600'000); });
        for (std::uint64_t at = 0; at < 6000; at += 1000)
            fuzz::refused([&] { read(*device, at, 1000); });
        check_extents(*device, 0);
    });
    fuzz::refused([&] { nbd::parse_uri(fuzz::text(input)); });
    return 0;
}
