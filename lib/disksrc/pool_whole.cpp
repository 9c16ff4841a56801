// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_whole.hpp"

#include "pool_undo.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/transfer/pool_disk.hpp>
#include <xenlab/transfer/vdi.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace xenlab::disksrc {
namespace {

constexpr std::size_t piece = 1U << 20U;

/// A disk of the pool from its beginning to its end; nothing of it is kept.
class Reader {
  public:
    explicit Reader(const WholeDisk& disk)
        : disk_(disk), open_(disk.pool, disk.vdi, {.patience = disk.patience})
    {
    }
    void read(std::uint64_t offset, std::span<std::byte> part)
    {
        static constexpr auto all = std::numeric_limits<std::uint64_t>::max();
        if (open_.has_nbd())
            open_.device().read(offset, part);
        else if (open_.read_forward(offset, part, all) != part.size())
            throw Error(Errc::bad_data, "the disk ends early");
        if (disk_.moved)
            disk_.moved(part.size());
    }

  private:
    const WholeDisk& disk_;
    transfer::PoolDisk open_;
};

/// What the log holds and, patched, what is to be on the disk: all of it, in order.
void each_piece(const WholeDisk& disk, const Patch& patch,
                const std::function<void(std::uint64_t, std::span<const std::byte>)>& act)
{
    if (whole_undo_size(disk.log, disk.vdi.record.uuid) != disk.size())
        throw Error(Errc::precondition, "the disk has another size than it had",
                    "nothing was put back");
    std::vector<std::byte> buffer;
    std::uint64_t at = 0;
    const auto give = [&] {
        if (patch)
            patch(at, buffer);
        act(at, buffer);
        at += buffer.size();
    };
    const auto zeros_until = [&](std::uint64_t end) {
        while (at < end) {
            buffer.assign(static_cast<std::size_t>(std::min<std::uint64_t>(end - at, piece)),
                          std::byte{0});
            give();
        }
    };
    read_pool_undo(
        disk.log, disk.vdi.record.uuid, [&](std::uint64_t offset, std::span<const std::byte> data) {
            if (offset < at || offset > disk.size() || data.size() > disk.size() - offset)
                throw Error(Errc::bad_data, fmt::format("{}: damaged", text::printable(disk.log)));
            zeros_until(offset);
            buffer.assign(data.begin(), data.end());
            give();
        });
    zeros_until(disk.size());
}

} // namespace

void keep_whole(const WholeDisk& disk, const std::stop_token& stop)
{
    Reader reader(disk);
    write_whole_undo(disk.log, disk.vdi.record.uuid, disk.size(),
                     [&](std::uint64_t offset, std::span<std::byte> part) {
                         if (stop.stop_requested())
                             throw Error(Errc::interrupted, "interrupted");
                         reader.read(offset, part);
                     });
}

void send_whole(const WholeDisk& disk, const Patch& patch)
{
    transfer::WholeUpload upload(disk.pool, disk.vdi, disk.patience);
    each_piece(disk, patch, [&](std::uint64_t /*offset*/, std::span<const std::byte> data) {
        upload.write(data);
        if (disk.moved)
            disk.moved(data.size());
    });
    upload.finish();
}

void compare_whole(const WholeDisk& disk, const Patch& patch)
{
    Reader reader(disk);
    std::vector<std::byte> there(piece);
    each_piece(disk, patch, [&](std::uint64_t offset, std::span<const std::byte> data) {
        const auto read = std::span(there).first(data.size());
        reader.read(offset, read);
        if (!std::equal(read.begin(), read.end(), data.begin()))
            throw Error(Errc::bad_data,
                        fmt::format("what was written at {} reads back differently", offset));
    });
}

} // namespace xenlab::disksrc
