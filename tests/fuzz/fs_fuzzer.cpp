// SPDX-License-Identifier: GPL-3.0-or-later
// links: fs
// Volumes of every filesystem, told by the probe as in the tools: walked, read and mapped, with the
// libraries underneath. The input is sectors with their numbers (make_sectors.py), 32 MiB at most.
#include "fuzz.hpp"

#include <xenlab/block/read_cache.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/fs/open.hpp>
#include <xenlab/partition/scan.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace xenlab;

namespace {

constexpr std::size_t sector = 512, record = sector + 4;
constexpr std::uint64_t sectors = 65536;

class Sectors final : public block::BlockDevice {
  public:
    explicit Sectors(std::span<const std::byte> input)
    {
        for (; input.size() >= record; input = input.subspan(record))
            content_[bytes::le32(input, 0) % sectors] = input.subspan(4, sector);
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return sectors * sector; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(size(), offset, buffer.size());
        while (!buffer.empty()) {
            const std::size_t from = static_cast<std::size_t>(offset % sector);
            const std::size_t n = std::min(buffer.size(), sector - from);
            const auto found = content_.find(offset / sector);
            if (found == content_.end())
                std::fill_n(buffer.begin(), n, std::byte{0});
            else
                std::copy_n(found->second.begin() + static_cast<std::ptrdiff_t>(from), n,
                            buffer.begin());
            offset += n;
            buffer = buffer.subspan(n);
        }
    }

  private:
    std::map<std::uint64_t, std::span<const std::byte>> content_;
};

class Walk {
  public:
    explicit Walk(fs::Filesystem& filesystem) : filesystem_(filesystem) {}

    void folder(fs::NodeId node, unsigned depth)
    {
        if (depth > 8 || !seen_.insert(node).second)
            return;
        std::vector<fs::Entry> entries;
        fuzz::refused([&] {
            filesystem_.list(node, [&](const fs::Entry& entry) {
                fuzz::require(!entry.name.empty() && entry.name.find('/') == std::string::npos,
                              "a name is one name");
                fuzz::require(entry.name != "." && entry.name != "..", "no dots");
                entries.push_back(entry);
                return ++visited_ < 2000;
            });
        });
        for (const fs::Entry& entry : entries) {
            look(node, entry);
            if (entry.type == fs::FileType::directory && visited_ < 2000)
                folder(entry.node, depth + 1);
        }
    }

  private:
    void look(fs::NodeId parent, const fs::Entry& entry)
    {
        fuzz::refused([&] { static_cast<void>(filesystem_.find(parent, entry.name)); });
        fuzz::refused([&] { static_cast<void>(filesystem_.stat(entry.node)); });
        fuzz::refused([&] { static_cast<void>(filesystem_.map(entry.node)); });
        fuzz::refused([&] {
            const auto content = filesystem_.open(entry.node);
            std::vector<std::byte> buffer(4096);
            const std::uint64_t size = content->size();
            const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
            content->read(0, std::span(buffer).first(n));
            content->read(size - n, std::span(buffer).first(n));
            static_cast<void>(content->extents(0, std::min<std::uint64_t>(size, 1U << 20U)));
        });
    }

    fs::Filesystem& filesystem_;
    std::set<fs::NodeId> seen_;
    unsigned visited_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Sectors device(fuzz::bytes(data, size));
    block::ReadCache cache(device);
    fuzz::refused([&] {
        const partition::Table table = partition::scan(cache);
        const auto filesystem = fs::open(cache, table.whole, {});
        Walk(*filesystem).folder(filesystem->root(), 0);
    });
    return 0;
}
