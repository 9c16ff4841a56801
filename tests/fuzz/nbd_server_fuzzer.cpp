// SPDX-License-Identifier: GPL-3.0-or-later
// links: nbd
// The input is what a client says to our server. Every range that reaches a device lies inside it.
#include "memory_channel.hpp"

#include <xenlab/nbd/server.hpp>

using namespace xenlab;

namespace {

class Disk final : public block::BlockDevice {
  public:
    [[nodiscard]] std::uint64_t size() const noexcept override { return 300'001; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        check(offset, buffer.size());
        if (offset == 4096)
            throw Error(Errc::bad_data, "damaged");
        std::ranges::fill(buffer, std::byte{1});
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        check(offset, length);
        if (offset == 4096)
            throw Error(Errc::bad_data, "damaged");
        const std::uint64_t half = length / 2;
        if (half == 0)
            return BlockDevice::extents(offset, length);
        return {{.offset = offset, .length = half, .hole = false},
                {.offset = offset + half, .length = length - half, .hole = true}};
    }

  private:
    void check(std::uint64_t offset, std::uint64_t length) const
    {
        fuzz::require(length > 0 && offset < size() && length <= size() - offset,
                      "requests are checked before the device sees them");
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto open = [] { return std::make_unique<Disk>(); };
    const std::vector<nbd::Export> exports{
        {.name = "a", .description = "first", .open = open},
        {.name = "gone", .description = "", .open = []() -> std::unique_ptr<block::BlockDevice> {
             throw Error(Errc::not_found, "no such disk");
         }}};
    fuzz::MemoryChannel channel(fuzz::bytes(data, size), size % 50, 4U << 20);
    nbd::serve_connection(channel, exports, {});
    return 0;
}
