// SPDX-License-Identifier: GPL-3.0-or-later
#include "zeros.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/block/undo_format.hpp>
#include <xenlab/bytes/crc32.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>
#include <vector>

namespace xenlab::block::undo {

namespace {

constexpr std::string_view magic = "XLABUNDO";
constexpr std::uint32_t version = 1;
constexpr std::size_t header_size = 48;
constexpr std::size_t max_path = 4096;
constexpr std::uint32_t record_mark = 0x20434552; // "REC "
constexpr std::uint32_t seal_mark = 0x4C414553;   // "SEAL"
constexpr std::size_t block_size = 32;            // of a record's head, and of the seal
constexpr std::uint32_t kind_data = 1;
constexpr std::uint32_t kind_zeros = 2;

using Block = std::array<std::byte, block_size>;

[[noreturn]] void damaged(const std::string& what)
{
    throw Error(Errc::bad_data, fmt::format("the undo log is damaged: {}", what));
}

std::uint32_t chain_crc(std::uint32_t chained, std::uint32_t crc)
{
    std::array<std::byte, 4> data{};
    bytes::store_le(data, 0, crc);
    return bytes::crc32(data, chained);
}

std::uint32_t finish_block(Block& block)
{
    const std::uint32_t crc = bytes::crc32(bytes::View(block).first(28));
    bytes::store_le(block, 28, crc);
    return crc;
}

Block read_block(BlockDevice& log, std::uint64_t at, std::uint32_t mark)
{
    Block block{};
    if (at > log.size() || log.size() - at < block.size())
        damaged(fmt::format("it ends at {}", log.size()));
    log.read(at, block);
    if (bytes::le32(block, 0) != mark ||
        bytes::crc32(bytes::View(block).first(28)) != bytes::le32(block, 28))
        damaged(fmt::format("no {} at {}", mark == seal_mark ? "seal" : "record", at));
    return block;
}

} // namespace

// --- writing ---

Encoder::Encoder(const Target& target, Write write) : write_(std::move(write))
{
    if (target.path.size() > max_path)
        throw Error(Errc::failed, "the path is too long for an undo log");
    std::vector<std::byte> header(header_size + target.path.size() + 4);
    std::transform(magic.begin(), magic.end(), header.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    bytes::store_le(header, 8, version);
    bytes::store_le(header, 12, static_cast<std::uint32_t>(target.kind));
    bytes::store_le(header, 16, target.size);
    bytes::store_le(header, 24, target.device);
    bytes::store_le(header, 32, target.inode);
    bytes::store_le(header, 40, static_cast<std::uint32_t>(target.path.size()));
    std::transform(target.path.begin(), target.path.end(), header.begin() + header_size,
                   [](char c) { return static_cast<std::byte>(c); });
    const std::uint32_t crc = bytes::crc32(bytes::View(header).first(header.size() - 4));
    bytes::store_le(header, header.size() - 4, crc);
    chain(crc);
    put(header);
}

void Encoder::put(bytes::View data)
{
    write_(data);
    size_ += data.size();
}

void Encoder::chain(std::uint32_t crc)
{
    chained_ = chain_crc(chained_, crc);
}

void Encoder::record(std::uint32_t kind, std::uint64_t offset, std::uint64_t length,
                     bytes::View data)
{
    Block block{};
    bytes::store_le(block, 0, record_mark);
    bytes::store_le(block, 4, kind);
    bytes::store_le(block, 8, offset);
    bytes::store_le(block, 16, length);
    bytes::store_le(block, 24, data.empty() ? 0 : bytes::crc32(data));
    chain(finish_block(block));
    put(block);
    if (!data.empty())
        put(data);
    ++records_;
}

void Encoder::flush_zeros()
{
    if (zeros_length_ > 0)
        record(kind_zeros, zeros_at_, zeros_length_, {});
    zeros_length_ = 0;
}

void Encoder::add(std::uint64_t offset, bytes::View data)
{
    assert(data.size() <= max_data);
    if (data.empty())
        return;
    const bool empty = is_zero(data);
    if (empty && zeros_length_ > 0 && zeros_at_ + zeros_length_ == offset) {
        zeros_length_ += data.size();
        return;
    }
    flush_zeros();
    if (empty) {
        zeros_at_ = offset;
        zeros_length_ = data.size();
    } else {
        record(kind_data, offset, data.size(), data);
    }
}

void Encoder::seal()
{
    flush_zeros();
    Block block{};
    bytes::store_le(block, 0, seal_mark);
    bytes::store_le(block, 4, chained_);
    bytes::store_le(block, 8, records_);
    bytes::store_le(block, 16, size_ + block_size);
    finish_block(block);
    put(block);
}

// --- reading ---

Decoder::Decoder(BlockDevice& log) : log_(log)
{
    read_header();
    read_seal();
}

void Decoder::read_header()
{
    std::vector<std::byte> header(header_size);
    if (log_.size() < header_size)
        damaged(fmt::format("it has only {} bytes", log_.size()));
    log_.read(0, header);
    if (!std::equal(magic.begin(), magic.end(), header.begin(),
                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; }))
        throw Error(Errc::bad_data, "not an undo log");
    if (bytes::le32(header, 8) != version)
        throw Error(Errc::bad_data,
                    fmt::format("an undo log of the unknown version {}", bytes::le32(header, 8)));
    const std::uint32_t path_size = bytes::le32(header, 40);
    header_size_ = header_size + path_size + 4;
    if (path_size > max_path || header_size_ > log_.size())
        damaged("its header is too long");
    header.resize(static_cast<std::size_t>(header_size_));
    log_.read(0, header);
    header_crc_ = bytes::le32(header, header.size() - 4);
    const std::uint32_t kind = bytes::le32(header, 12);
    if (bytes::crc32(bytes::View(header).first(header.size() - 4)) != header_crc_ ||
        (kind != static_cast<std::uint32_t>(Target::Kind::file) &&
         kind != static_cast<std::uint32_t>(Target::Kind::device)))
        damaged("its header");
    target_ = {.kind = static_cast<Target::Kind>(kind),
               .size = bytes::le64(header, 16),
               .device = bytes::le64(header, 24),
               .inode = bytes::le64(header, 32)};
    for (std::size_t i = 0; i < path_size; ++i)
        target_.path += static_cast<char>(header[header_size + i]);
}

void Decoder::read_seal()
{
    if (log_.size() - header_size_ < block_size)
        damaged("it has no seal");
    const Block seal = read_block(log_, log_.size() - block_size, seal_mark);
    chained_ = bytes::le32(seal, 4);
    records_ = bytes::le64(seal, 8);
    if (bytes::le64(seal, 16) != log_.size())
        damaged("its seal says another size");
}

void Decoder::for_each(const Piece& piece)
{
    std::uint64_t at = header_size_;
    const std::uint64_t end = log_.size() - block_size;
    std::uint64_t reached = 0; // in the target
    std::uint32_t chained = chain_crc(0, header_crc_);
    std::vector<std::byte> data;
    for (std::uint64_t n = 0; n < records_; ++n) {
        const Block block = read_block(log_, at, record_mark);
        at += block_size;
        chained = chain_crc(chained, bytes::le32(block, 28));
        const std::uint32_t kind = bytes::le32(block, 4);
        const std::uint64_t offset = bytes::le64(block, 8);
        const std::uint64_t length = bytes::le64(block, 16);
        if (offset < reached || offset > target_.size || length > target_.size - offset ||
            length == 0)
            damaged(fmt::format("record {} is out of place", n));
        reached = offset + length;
        if (kind == kind_data && length <= max_data && at <= end && length <= end - at) {
            data.resize(static_cast<std::size_t>(length));
            log_.read(at, data);
            if (bytes::crc32(data) != bytes::le32(block, 24))
                damaged(fmt::format("the data of record {}", n));
            at += length;
            piece(offset, data);
        } else if (kind == kind_zeros) {
            std::uint64_t place = offset;
            write_zeros(length, [&](bytes::View part) {
                piece(place, part);
                place += part.size();
            });
        } else {
            damaged(fmt::format("record {} is of unknown kind or too long", n));
        }
    }
    if (at != end || chained != chained_)
        damaged("its seal is of other records");
}

} // namespace xenlab::block::undo
