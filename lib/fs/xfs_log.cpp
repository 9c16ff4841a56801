// SPDX-License-Identifier: GPL-3.0-or-later
// Whether an XFS log is clean. Every sector of the log begins with the number of the round in which
// it was written (a record's first one with a magic number, then the round): the log ends where the
// number drops. Unmounting writes a record of its own, and nothing comes behind it.
#include "xfs_format.hpp"

#include <xenlab/base/error.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace xenlab::fs::xfs {
namespace {

constexpr std::uint64_t sector = 512;
constexpr std::uint32_t record_magic = 0xfeedbabe;
constexpr unsigned unmount = 0x20;             // XLOG_UNMOUNT_TRANS
constexpr std::uint64_t longest_record = 1024; // sectors; a log stripe is 256 KiB at most

class Log {
  public:
    Log(block::BlockDevice& volume, std::uint64_t at, std::uint64_t sectors)
        : volume_(volume), at_(at), sectors_(sectors)
    {
    }

    [[nodiscard]] std::uint64_t sectors() const { return sectors_; }

    std::array<std::byte, sector> read(std::uint64_t number)
    {
        std::array<std::byte, sector> data{};
        volume_.read(at_ + number % sectors_ * sector, data);
        return data;
    }

    std::uint32_t round(std::uint64_t number)
    {
        const auto data = read(number);
        const std::uint32_t first = bytes::be32(data, 0);
        return first == record_magic ? bytes::be32(data, 4) : first;
    }

    /// The first sector of the round before, which is where the next record would go.
    std::uint64_t head()
    {
        const std::uint32_t first = round(0);
        std::uint64_t low = 0, high = sectors_; // low is of this round, high is not
        while (high - low > 1) {
            const std::uint64_t middle = low + (high - low) / 2;
            (round(middle) == first ? low : high) = middle;
        }
        return high;
    }

    /// Where the last record in front of `head` begins.
    std::optional<std::uint64_t> last_record(std::uint64_t head)
    {
        const std::uint64_t end = head + sectors_; // the log is a ring
        for (std::uint64_t back = 1; back <= std::min(longest_record, sectors_); ++back)
            if (bytes::be32(read(end - back), 0) == record_magic)
                return end - back;
        return std::nullopt;
    }

  private:
    block::BlockDevice& volume_;
    std::uint64_t at_;
    std::uint64_t sectors_;
};

} // namespace

bool log_is_clean(block::BlockDevice& volume, const Geometry& geometry)
{
    if (geometry.log_start == 0 || geometry.log_blocks == 0)
        return true; // on another device: nothing is known
    Log log(volume, geometry.byte_of(geometry.log_start, geometry.log_blocks),
            geometry.log_blocks * (geometry.block_size / sector));
    const std::uint64_t head = log.head();
    const auto record = log.last_record(head);
    if (!record)
        return log.round(0) == 0; // never written
    // Version 8, length 12, count of operations 40, size of a buffer 320.
    const auto header = log.read(*record);
    const std::uint64_t buffer = (bytes::be32(header, 8) & 2U) != 0 ? bytes::be32(header, 320) : 0;
    const std::uint64_t headers = std::max<std::uint64_t>(1, (buffer + 32767) / 32768);
    const std::uint64_t length = (bytes::be32(header, 12) + sector - 1) / sector;
    const bool at_the_end = *record + headers + length == head + log.sectors();
    const auto operation = log.read(*record + headers);
    return at_the_end && bytes::be32(header, 40) == 1 && (bytes::u8(operation, 9) & unmount) != 0;
}

} // namespace xenlab::fs::xfs
