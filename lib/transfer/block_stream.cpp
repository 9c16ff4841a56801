// SPDX-License-Identifier: GPL-3.0-or-later
#include "block_stream.hpp"

#include <xenlab/block/vhd_format.hpp>
#include <xenlab/bytes/endian.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::transfer {
namespace {

namespace vhd = block::vhd;

constexpr std::uint64_t raw_block = 1U << 20U;
constexpr std::uint64_t most_blocks = std::uint64_t{1} << 22U; // 2 TiB in blocks of 512 KiB

[[noreturn]] void bad(const std::string& words)
{
    throw Error(Errc::bad_data, "the server's VHD: " + words);
}

} // namespace

BlockStream::BlockStream(std::unique_ptr<io::ByteSource> source, std::uint64_t size,
                         std::uint64_t block_size)
    : source_(std::move(source)), size_(size), block_size_(block_size)
{
}

std::unique_ptr<BlockStream> BlockStream::raw(std::unique_ptr<io::ByteSource> source,
                                              std::uint64_t size)
{
    return std::unique_ptr<BlockStream>(new BlockStream(std::move(source), size, raw_block));
}

std::unique_ptr<BlockStream> BlockStream::vhd(std::unique_ptr<io::ByteSource> source,
                                              std::uint64_t size)
{
    std::vector<std::byte> front(vhd::footer_size);
    io::read_exactly(*source, front, "the server's VHD");
    const vhd::Footer footer = vhd::decode_footer(front);
    if (footer.type != vhd::Type::dynamic)
        bad("it is not a dynamic one");
    if (footer.current_size != size)
        bad(fmt::format("it is of {} bytes, but the disk of {}", footer.current_size, size));
    auto stream = std::unique_ptr<BlockStream>(
        new BlockStream(std::move(source), size, vhd::default_block_size));
    stream->at_ = front.size();
    stream->skip_to(footer.data_offset);
    front.resize(vhd::header_size);
    io::read_exactly(*stream->source_, front, "the server's VHD");
    stream->at_ += front.size();
    const vhd::Header header = vhd::decode_header(front);
    stream->block_size_ = header.block_size;
    stream->read_table(header.table_offset, header.max_table_entries,
                       vhd::bitmap_size(header.block_size));
    return stream;
}

void BlockStream::read_table(std::uint64_t offset, std::uint64_t entries, std::uint64_t bitmap)
{
    const std::uint64_t blocks = (size_ + block_size_ - 1) / block_size_;
    if (entries < blocks || entries > most_blocks)
        bad(fmt::format("a table of {} blocks", entries));
    bitmap_size_ = bitmap;
    skip_to(offset);
    std::vector<std::byte> table(static_cast<std::size_t>(4 * entries));
    io::read_exactly(*source_, table, "the server's VHD");
    at_ += table.size();
    rank_.assign(static_cast<std::size_t>(blocks), none_);
    for (std::uint64_t block = 0; block < blocks; ++block)
        if (const std::uint64_t sector = bytes::be32(table, 4 * block); sector != vhd::unused_entry)
            order_.push_back({sector * vhd::sector_size + bitmap, block});
    std::sort(order_.begin(), order_.end(),
              [](const Place& a, const Place& b) { return a.stream_offset < b.stream_offset; });
    std::uint64_t end = at_;
    for (std::size_t i = 0; i < order_.size(); ++i) {
        if (order_[i].stream_offset < end + bitmap)
            bad("blocks that overlap");
        end = order_[i].stream_offset + block_size_;
        rank_[static_cast<std::size_t>(order_[i].block)] = static_cast<std::uint32_t>(i);
    }
}

bool BlockStream::allocated(std::uint64_t block) const noexcept
{
    return bitmap_size_ == 0 || rank_[static_cast<std::size_t>(block)] != none_;
}

std::uint64_t BlockStream::rank_of(std::uint64_t block) const noexcept
{
    return bitmap_size_ == 0 ? block : rank_[static_cast<std::size_t>(block)];
}

std::uint64_t BlockStream::places() const noexcept
{
    return bitmap_size_ == 0 ? (size_ + block_size_ - 1) / block_size_ : order_.size();
}

BlockStream::Place BlockStream::place(std::uint64_t rank) const noexcept
{
    return bitmap_size_ == 0 ? Place{rank * block_size_, rank}
                             : order_[static_cast<std::size_t>(rank)];
}

/// What of it is inside the disk.
std::uint64_t BlockStream::length_of(std::uint64_t block) const noexcept
{
    return std::min(block_size_, size_ - block * block_size_);
}

std::optional<std::uint64_t> BlockStream::cost(std::uint64_t block,
                                               std::uint64_t length) const noexcept
{
    const std::uint64_t rank = rank_of(block);
    if (rank < current_)
        return std::nullopt;
    return std::max(at_, place(rank).stream_offset + length);
}

void BlockStream::skip_to(std::uint64_t offset)
{
    if (offset < at_)
        bad("its parts are not in the order of a stream");
    const std::uint64_t skipped = source_->skip(offset - at_);
    if (skipped != offset - at_)
        throw io::StreamError(io::Damage::truncated,
                              fmt::format("the server's disk ends after {} bytes", at_ + skipped));
    at_ = offset;
}

void BlockStream::read_bitmap(std::uint64_t length)
{
    bitmap_.resize(static_cast<std::size_t>(length));
    io::read_exactly(*source_, bitmap_, "the server's disk");
    at_ += length;
}

/// Reads the block at hand up to `length`; sectors that its bitmap calls empty are zeros.
void BlockStream::extend(std::uint64_t length)
{
    const Place here = place(current_);
    if (data_.empty()) {
        skip_to(here.stream_offset - bitmap_size_);
        read_bitmap(bitmap_size_);
    }
    const std::size_t before = data_.size();
    if (length <= before)
        return;
    data_.resize(static_cast<std::size_t>(length));
    const auto fresh = std::span(data_).subspan(before);
    if (io::read_full(*source_, fresh) != fresh.size())
        throw io::StreamError(io::Damage::truncated,
                              fmt::format("the server's disk ends after {} bytes", at_));
    at_ += fresh.size();
    for (std::size_t at = before; bitmap_size_ > 0 && at < data_.size(); ++at) {
        const std::size_t sector = at / vhd::sector_size;
        const bool used =
            (std::to_integer<unsigned>(bitmap_[sector / 8]) >> (7 - sector % 8) & 1U) != 0;
        const std::size_t end =
            std::min<std::size_t>(data_.size(), (sector + 1) * vhd::sector_size);
        if (!used)
            std::fill(data_.begin() + static_cast<std::ptrdiff_t>(at),
                      data_.begin() + static_cast<std::ptrdiff_t>(end), std::byte{0});
        at = end - 1;
    }
}

void BlockStream::leave()
{
    const Place here = place(current_);
    if (keep_) {
        extend(length_of(here.block));
        keep_(here.block * block_size_, data_);
    }
    data_.clear();
    ++current_;
}

std::span<const std::byte> BlockStream::reach(std::uint64_t block, std::uint64_t length)
{
    const std::uint64_t rank = rank_of(block);
    while (current_ < rank)
        leave();
    extend(std::min(length, length_of(block)));
    return data_;
}

} // namespace xenlab::transfer
