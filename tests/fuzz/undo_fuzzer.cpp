// SPDX-License-Identifier: GPL-3.0-or-later
// links: block
// An undo log that is the input, as it is and with its checksums made right. What it gives back
// lies inside the target, in order, and is the same each time.
#include "fuzz.hpp"

#include <xenlab/block/undo_format.hpp>
#include <xenlab/bytes/crc32.hpp>

#include <algorithm>
#include <vector>

using namespace xenlab;

namespace {

using Bytes = std::vector<std::byte>;

class Memory final : public block::BlockDevice {
  public:
    explicit Memory(const Bytes& data) : data_(data) {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return data_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        fuzz::require(offset <= data_.size() && buffer.size() <= data_.size() - offset,
                      "nothing outside the log is read");
        std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                    buffer.begin());
    }

  private:
    const Bytes& data_;
};

void set_crc(Bytes& log, std::size_t from, std::size_t to)
{
    bytes::store_le(log, to, bytes::crc32(bytes::View(log).subspan(from, to - from)));
}

// Makes every checksum right, and the seal's numbers, following the documented format.
void repair(Bytes& log)
{
    constexpr std::size_t block = 32;
    if (log.size() < 52 + block)
        return;
    const std::size_t end = log.size() - block;
    std::size_t at = 48 + std::min<std::size_t>(bytes::le32(log, 40), 4096);
    if (at + 4 > end)
        return;
    std::uint32_t chained = 0;
    std::uint64_t records = 0;
    const auto chain = [&](std::size_t crc_at) {
        chained = bytes::crc32(bytes::View(log).subspan(crc_at, 4), chained);
    };
    set_crc(log, 0, at);
    chain(at);
    at += 4;
    for (; at + block <= end; ++records) {
        const bool data = bytes::le32(log, at + 4) == 1;
        const std::uint64_t length = data ? bytes::le64(log, at + 16) : 0;
        if (length > end - at - block)
            break;
        bytes::store_le(log, at, std::uint32_t{0x20434552});
        bytes::store_le(
            log, at + 24,
            bytes::crc32(bytes::View(log).subspan(at + block, static_cast<std::size_t>(length))));
        set_crc(log, at, at + 28);
        chain(at + 28);
        at += block + static_cast<std::size_t>(length);
    }
    bytes::store_le(log, end, std::uint32_t{0x4C414553});
    bytes::store_le(log, end + 4, chained);
    bytes::store_le(log, end + 8, records);
    bytes::store_le(log, end + 16, std::uint64_t{log.size()});
    set_crc(log, end, end + 28);
}

struct TooLong {};

void drive(const Bytes& log)
{
    fuzz::refused([&] {
        Memory file(log);
        block::undo::Decoder decoder(file);
        std::uint64_t sums[2] = {0, 0};
        for (std::uint64_t& sum : sums) {
            std::uint64_t reached = 0;
            std::uint64_t total = 0;
            try {
                decoder.for_each([&](std::uint64_t offset, bytes::View old) {
                    fuzz::require(offset >= reached && !old.empty() &&
                                      old.size() <= block::undo::max_data,
                                  "pieces are in order");
                    reached = offset + old.size();
                    fuzz::require(reached <= decoder.target().size, "pieces lie in the target");
                    sum = sum * 31 + bytes::crc32(old) + offset;
                    if ((total += old.size()) >
                        256 << 10) // zeros of a disk of many terabytes are fine, but slow
                        throw TooLong{};
                });
            } catch (const TooLong&) {
            }
        }
        fuzz::require(sums[0] == sums[1], "a log says the same twice");
    });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = fuzz::bytes(data, size);
    Bytes log(input.begin(), input.end());
    drive(log);
    repair(log);
    drive(log);
    return 0;
}
