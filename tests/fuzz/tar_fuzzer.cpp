// SPDX-License-Identifier: GPL-3.0-or-later
// links: tar
// Reads an archive to its end, skipping every second entry, and goes on after damaged headers.
#include "fuzz.hpp"

#include <xenlab/tar/reader.hpp>

#include <array>

using namespace xenlab;

namespace {

void read_all(tar::Reader& reader, std::size_t limit)
{
    std::array<std::byte, 700> buffer{};
    for (std::size_t entries = 0; auto header = reader.next(); ++entries) {
        fuzz::require(entries <= limit / tar::block_size, "each entry takes a block");
        fuzz::require(reader.header_offset() <= limit, "headers lie inside the archive");
        if (entries % 2 == 0) {
            std::uint64_t total = 0;
            while (const auto count = reader.read(buffer)) {
                total += count;
            }
            fuzz::require(total == header->size, "content is as long as the header says");
        }
    }
    reader.trailing_garbage();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    io::MemorySource source(fuzz::bytes(data, size));
    tar::Reader reader(source, 1024);
    bool damaged = false;
    do {
        damaged = false;
        fuzz::refused([&] {
            try {
                read_all(reader, size);
            } catch (const tar::HeaderError&) {
                damaged = reader.resync([](const tar::Header&) { return true; });
            }
        });
    } while (damaged);
    return 0;
}
