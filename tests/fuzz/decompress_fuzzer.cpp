// SPDX-License-Identifier: GPL-3.0-or-later
// links: io
// Decompresses gzip and zstd with a small window limit; stops after 16 MiB, which a bomb exceeds.
#include "fuzz.hpp"

#include <xenlab/io/decompress.hpp>

#include <vector>

using namespace xenlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    const auto kind = io::detect_compression(input);
    if (kind == io::Compression::none) {
        return 0;
    }
    fuzz::refused([&] {
        auto source = io::decompress(std::make_unique<io::MemorySource>(input), kind, {1U << 20U});
        std::vector<std::byte> buffer(size % 5000 + 1);
        std::uint64_t total = 0;
        while (total < 16U << 20U) {
            const auto count = source->read(buffer);
            fuzz::require(count <= buffer.size(), "read() stays inside the buffer");
            fuzz::require(source->position() <= size, "position() counts compressed bytes");
            if (count == 0) {
                fuzz::require(source->read(buffer) == 0, "the end stays the end");
                break;
            }
            total += count;
        }
    });
    return 0;
}
