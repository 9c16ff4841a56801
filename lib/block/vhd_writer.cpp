// SPDX-License-Identifier: GPL-3.0-or-later
#include "zeros.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/vhd_writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <random>

namespace xenlab::block {

namespace {

using vhd::sector_size;

constexpr std::uint64_t block_size = vhd::default_block_size;
constexpr std::uint32_t bitmap_size = vhd::bitmap_size(vhd::default_block_size);
constexpr std::uint64_t header_at = vhd::footer_size;
constexpr std::uint64_t table_at = header_at + vhd::header_size;
constexpr std::size_t entry_size = 4;

constexpr std::uint64_t blocks_in(std::uint64_t disk_size)
{
    return (disk_size + block_size - 1) / block_size;
}

constexpr std::uint64_t to_sectors(std::uint64_t size)
{
    return (size + sector_size - 1) / sector_size * sector_size;
}

} // namespace

VhdIdentity VhdIdentity::fresh()
{
    VhdIdentity identity{.timestamp = static_cast<std::uint32_t>(std::time(nullptr) - vhd::epoch)};
    std::random_device random;
    for (std::byte& b : identity.uuid)
        b = static_cast<std::byte>(random());
    identity.uuid[6] = (identity.uuid[6] & std::byte{0x0F}) | std::byte{0x40}; // RFC 4122, 4.4
    identity.uuid[8] = (identity.uuid[8] & std::byte{0x3F}) | std::byte{0x80};
    return identity;
}

std::vector<bool> vhd_blocks_of(BlockDevice& disk)
{
    std::vector<bool> blocks(blocks_in(disk.size()));
    constexpr std::uint64_t window = 512 * block_size;
    for (std::uint64_t at = 0; at < disk.size(); at += window)
        for (const Extent& extent : disk.extents(at, std::min(window, disk.size() - at)))
            for (std::uint64_t block = extent.offset / block_size;
                 !extent.hole && block * block_size < extent.offset + extent.length; ++block)
                blocks[block] = true;
    return blocks;
}

std::vector<bool> vhd_all_blocks(std::uint64_t disk_size)
{
    return std::vector<bool>(blocks_in(disk_size), true);
}

VhdWriter::VhdWriter(io::OutputFile& file, std::uint64_t disk_size, const VhdIdentity& identity)
    : file_(&file)
{
    if (!file.sparse())
        throw Error(
            Errc::precondition,
            fmt::format("{}: not a file whose block table can be written last", file.path()));
    begin(disk_size, identity);
    end_ = table_at + table_.size();
}

VhdWriter::VhdWriter(io::ByteSink& sink, std::uint64_t disk_size, const VhdIdentity& identity,
                     const std::vector<bool>& blocks)
    : sink_(&sink)
{
    begin(disk_size, identity);
    std::uint64_t place = table_at + table_.size();
    for (std::size_t block = 0; block < std::min(blocks.size(), blocks_in(disk_size)); ++block)
        if (blocks[block]) {
            bytes::store_be(table_, block * entry_size,
                            static_cast<std::uint32_t>(place / sector_size));
            place += bitmap_size + block_size;
        }
    append(vhd::encode_footer(footer_));
    append(vhd::encode_header(header_));
    append(table_);
}

void VhdWriter::begin(std::uint64_t disk_size, const VhdIdentity& identity)
{
    if (disk_size > vhd::max_disk_size)
        throw Error(Errc::failed,
                    fmt::format("a disk of {} bytes is too large for a VHD, which ends at 2040 GiB",
                                disk_size));
    disk_size_ = disk_size;
    const std::uint64_t padded = to_sectors(disk_size);
    footer_ = {.data_offset = header_at,
               .timestamp = identity.timestamp,
               .creator_application = {'q', 'e', 'm', '2'},
               .creator_version = 0x00050003, // what qemu writes: Virtual PC 2007
               .creator_host_os = {'W', 'i', '2', 'k'},
               .original_size = padded,
               .current_size = padded,
               .geometry = vhd::geometry_of(padded / sector_size),
               .type = vhd::Type::dynamic,
               .uuid = identity.uuid};
    header_ = {.table_offset = table_at,
               .max_table_entries = static_cast<std::uint32_t>(blocks_in(disk_size)),
               .block_size = vhd::default_block_size};
    table_.assign(to_sectors(blocks_in(disk_size) * entry_size), std::byte{0xFF});
}

void VhdWriter::append(std::span<const std::byte> data)
{
    if (file_ != nullptr)
        file_->write_at(end_, data);
    else
        sink_->write(data);
    end_ += data.size();
}

void VhdWriter::append_zeros(std::uint64_t length)
{
    if (file_ != nullptr)
        end_ += length; // a hole
    else
        write_zeros(length, [&](std::span<const std::byte> data) { append(data); });
}

// The bytes of the disk in the block of at_.
std::uint64_t VhdWriter::block_length() const noexcept
{
    return std::min(block_size, disk_size_ - at_ / block_size * block_size);
}

void VhdWriter::begin_block()
{
    const std::uint64_t block = at_ / block_size;
    const auto entry = std::span(table_).subspan(block * entry_size, entry_size);
    const bool listed = bytes::be32(entry, 0) != vhd::unused_entry;
    if (file_ != nullptr)
        bytes::store_be(entry, 0, static_cast<std::uint32_t>(end_ / sector_size));
    else if (!listed)
        throw Error(Errc::failed,
                    fmt::format("data at {}, where the disk was said to be empty", at_));

    std::vector<std::byte> bitmap(bitmap_size);
    for (std::uint64_t sector = 0; sector * sector_size < block_length(); ++sector)
        bitmap[sector / 8] |= static_cast<std::byte>(0x80U >> (sector % 8));
    append(bitmap);
    append_zeros(at_ % block_size);
    in_block_ = true;
}

void VhdWriter::end_block()
{
    if (in_block_)
        append_zeros(block_size - ((at_ - 1) % block_size + 1));
    in_block_ = false;
}

void VhdWriter::write_in_block(std::span<const std::byte> data)
{
    const bool empty = is_zero(data);
    if (empty)
        return skip_in_block(data.size());
    if (!in_block_)
        begin_block();
    append(data);
    at_ += data.size();
    if (at_ % block_size == 0 || at_ == disk_size_)
        end_block();
}

void VhdWriter::skip_in_block(std::uint64_t length)
{
    const bool listed = bytes::be32(table_, at_ / block_size * entry_size) != vhd::unused_entry;
    if (sink_ != nullptr && listed && !in_block_)
        begin_block();
    if (in_block_)
        append_zeros(length);
    at_ += length;
    if (at_ % block_size == 0 || at_ == disk_size_)
        end_block();
}

void VhdWriter::write(std::span<const std::byte> data)
{
    check_range(disk_size_, at_, data.size());
    // Small enough that zeros in a piece of the disk stay holes, and that the test for them stays
    // in the cache.
    constexpr std::uint64_t piece = 64U << 10U;
    while (!data.empty()) {
        const auto n =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece - at_ % piece, data.size()));
        write_in_block(data.first(n));
        data = data.subspan(n);
    }
}

void VhdWriter::skip(std::uint64_t length)
{
    check_range(disk_size_, at_, length);
    while (length > 0) {
        const std::uint64_t n = std::min(block_size - at_ % block_size, length);
        skip_in_block(n);
        length -= n;
    }
}

void VhdWriter::finish()
{
    if (at_ != disk_size_)
        throw Error(Errc::failed,
                    fmt::format("only {} of the disk's {} bytes were written", at_, disk_size_));
    if (file_ != nullptr) {
        file_->write_at(0, vhd::encode_footer(footer_));
        file_->write_at(header_at, vhd::encode_header(header_));
        file_->write_at(table_at, table_);
    }
    append(vhd::encode_footer(footer_));
    if (file_ != nullptr)
        file_->commit();
    else
        sink_->finish();
}

} // namespace xenlab::block
