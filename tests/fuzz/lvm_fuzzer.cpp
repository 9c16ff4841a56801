// SPDX-License-Identifier: GPL-3.0-or-later
// links: partition
// Labels and metadata of LVM2 on two physical volumes, which are the halves of the input.
#include "fuzz.hpp"

#include <xenlab/partition/lvm.hpp>

#include <algorithm>

using namespace xenlab;

namespace {

class Memory final : public block::BlockDevice {
  public:
    explicit Memory(std::span<const std::byte> data) : data_(data) {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return data_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(data_.size(), offset, buffer.size());
        std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                    buffer.begin());
    }

  private:
    std::span<const std::byte> data_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    Memory first(input.first(size / 2)), second(input.subspan(size / 2));
    fuzz::refused([&] {
        for (partition::LogicalVolume& volume :
             partition::read_lvm({&first, &second}, [](const std::string&) {})) {
            fuzz::require(volume.unusable.empty() == !volume.segments.empty(),
                          "a volume has segments or a reason");
            if (volume.segments.empty())
                continue;
            block::MappedDevice device(std::move(volume.segments));
            std::byte buffer[512];
            fuzz::refused([&] { device.read(0, buffer); });
        }
    });
    return 0;
}
