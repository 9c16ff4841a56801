// SPDX-License-Identifier: GPL-3.0-or-later
// links: block
// A VHD that is the input, as it is and with its checksums made right, alone and as its own chain
// of parents.
#include "fuzz.hpp"

#include <xenlab/block/vhd_image.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace xenlab;

namespace {

using Bytes = std::vector<std::byte>;

class Memory final : public block::BlockDevice {
  public:
    explicit Memory(Bytes data) : data_(std::move(data)) {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return data_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        fuzz::require(offset <= data_.size() && buffer.size() <= data_.size() - offset,
                      "nothing outside the file is read");
        std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                    buffer.begin());
    }

  private:
    Bytes data_;
};

void seal(Bytes& file, std::size_t at, std::size_t length, std::size_t sum_at)
{
    if (at > file.size() || length > file.size() - at)
        return;
    std::uint32_t sum = 0;
    bytes::store_be(file, at + sum_at, std::uint32_t{0});
    for (std::size_t i = at; i < at + length; ++i)
        sum += std::to_integer<std::uint32_t>(file[i]);
    bytes::store_be(file, at + sum_at, ~sum);
}

void seal_all(Bytes& file)
{
    if (file.size() < 512)
        return;
    seal(file, 0, 512, 64);
    seal(file, file.size() - 512, 512, 64);
    for (const std::size_t footer : {file.size() - 512, std::size_t{0}})
        if (const std::uint64_t header = bytes::be64(file, footer + 16); header < file.size())
            seal(file, static_cast<std::size_t>(header), 1024, 36);
}

void look_at(block::VhdImage& image, std::uint64_t offset, std::size_t length)
{
    const std::uint64_t size = image.size();
    offset = std::min(offset, size);
    length = static_cast<std::size_t>(std::min<std::uint64_t>(length, size - offset));
    Bytes whole(length);
    image.read(offset, whole);
    std::uint64_t at = offset;
    for (const block::Extent& extent : image.extents(offset, length)) {
        fuzz::require(extent.offset == at && extent.length > 0, "extents leave no gap");
        const auto part = std::span(whole).subspan(static_cast<std::size_t>(at - offset),
                                                   static_cast<std::size_t>(extent.length));
        fuzz::require(!extent.hole || std::all_of(part.begin(), part.end(),
                                                  [](std::byte b) { return b == std::byte{0}; }),
                      "holes are zeros");
        Bytes again(part.size());
        image.read(at, again);
        fuzz::require(std::equal(again.begin(), again.end(), part.begin()),
                      "a piece reads like the whole");
        at += extent.length;
    }
    fuzz::require(at == offset + length, "extents cover all");
}

// A parent is the same file: with the id that is asked for, and now and then as the end of the
// chain.
std::optional<block::VhdParent> parent_of(const Bytes& file, unsigned opened)
{
    if (file.size() < 2048)
        return std::nullopt;
    Bytes parent = file;
    const std::size_t footer = parent.size() - 512;
    if (const std::uint64_t header = bytes::be64(parent, footer + 16);
        header < parent.size() - 1024)
        std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(header + 40), 16,
                    parent.begin() + static_cast<std::ptrdiff_t>(footer + 68));
    if (opened % 4 == 3)
        bytes::store_be(parent, footer + 60, std::uint32_t{3});
    std::copy_n(parent.begin() + static_cast<std::ptrdiff_t>(footer), 512, parent.begin());
    seal_all(parent);
    return block::VhdParent{.file = std::make_unique<Memory>(std::move(parent)),
                            .identity = std::to_string(opened),
                            .modified = opened};
}

void drive(const Bytes& file)
{
    fuzz::refused([&] {
        unsigned opened = 0;
        const block::VhdOptions options{
            .warn =
                [](const std::string& text) {
                    fuzz::require(!text.empty(), "a warning has words");
                },
            .open_parent = [&](const std::string&) { return parent_of(file, opened++); },
            .max_depth = 8};
        block::VhdImage image(std::make_unique<Memory>(file), "dir/child.vhd", options);
        fuzz::require(image.chain().size() <= 9, "a chain is as deep as allowed");
        look_at(image, 0, 70'000);
        look_at(image, image.size() / 2 + 77, 9'000);
        look_at(image, image.size() - std::min<std::uint64_t>(image.size(), 5'000), 5'000);
    });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    Bytes file(input.begin(), input.end());
    drive(file);
    seal_all(file);
    drive(file);
    return 0;
}
