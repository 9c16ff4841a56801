// SPDX-License-Identifier: GPL-3.0-or-later
#include "vhd_file.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::block {

namespace {

using vhd::sector_size;

constexpr std::size_t entry_size = 4;
constexpr std::size_t table_page = 16U << 10U;
constexpr std::size_t table_slots = 16;
constexpr std::size_t bitmap_slots = 64;
constexpr std::uint64_t sectors_per_bitmap_page = std::uint64_t{8} * sector_size;

// 2 TiB in blocks of 512 KiB, the smallest that Virtual PC makes. Keeps the check of the table at
// 16 MiB.
constexpr std::uint64_t max_blocks = std::uint64_t{1} << 22U;

[[noreturn]] void bad(const std::string& message)
{
    throw Error(Errc::bad_data, message);
}

bool overlap(const Extent& a, const Extent& b)
{
    return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

std::vector<std::byte> read_at(BlockDevice& file, std::uint64_t offset, std::size_t length)
{
    std::vector<std::byte> data(length);
    file.read(offset, data);
    return data;
}

// The next place at or after `from` where the bits stop being like bit `from`. Most significant bit
// first.
std::uint64_t run_end(bytes::View bitmap, std::uint64_t from, std::uint64_t to)
{
    const auto bit = [&](std::uint64_t n) {
        return (std::to_integer<unsigned>(bitmap[n / 8]) >> (7 - n % 8) & 1U) != 0;
    };
    const bool first = bit(from);
    const std::byte alike = first ? std::byte{0xFF} : std::byte{0};
    std::uint64_t n = from + 1;
    while (n < to) {
        if (n % 8 == 0 && to - n >= 8 && bitmap[n / 8] == alike)
            n += 8;
        else if (bit(n) == first)
            ++n;
        else
            break;
    }
    return n;
}

std::optional<vhd::Footer> try_footer(bytes::View data, std::string& damage)
{
    try {
        return vhd::decode_footer(data);
    } catch (const Error& error) {
        damage = error.what();
        return std::nullopt;
    }
}

} // namespace

VhdFile::VhdFile(std::unique_ptr<BlockDevice> file, const Warn& warn) : file_(std::move(file))
{
    read_footer(warn);
    if (footer_.type == vhd::Type::fixed) {
        if (footer_.current_size > data_end_)
            bad(fmt::format("truncated: a fixed VHD of {} bytes, of which {} are there",
                            footer_.current_size, data_end_));
        return;
    }
    read_header();
    check_table();
}

// The footer at the end counts. Dynamic images have a copy at the front for when the end was lost
// ("Hard Disk Footer Format"); qemu looks only at that copy, so that the two must mean the same
// image.
void VhdFile::read_footer(const Warn& warn)
{
    const std::uint64_t size = file_->size();
    if (size < vhd::footer_size - 1)
        bad(fmt::format("no VHD: a file of {} bytes", size));
    const std::size_t length = std::min<std::uint64_t>(size, vhd::footer_size);
    const auto front = read_at(*file_, 0, length);
    const auto tail = read_at(*file_, size - length, length);

    std::string damage;
    std::string ignored;
    data_end_ = size - length;
    auto at_end = try_footer(tail, damage);
    if (!at_end && length == vhd::footer_size) { // 511 bytes: Virtual PC before 2004
        at_end = try_footer(bytes::View(tail).subspan(1), ignored);
        data_end_ += 1;
    }
    std::string copy_damage = "a fixed VHD has no copy of it";
    auto copy = try_footer(front, copy_damage);
    if (copy && copy->type == vhd::Type::fixed)
        copy.reset();
    if (at_end && copy && (at_end->uuid != copy->uuid || at_end->type != copy->type))
        bad("the VHD footer and the copy at the front belong to different images");
    if (!at_end && !copy)
        bad(vhd::is_vhd(front, {}) ? fmt::format("{}; in front: {}", damage, copy_damage) : damage);
    if (!at_end) {
        data_end_ = size;
        if (warn)
            warn(fmt::format("{} at the end; the copy at the front is used", damage));
    }
    footer_ = at_end ? *at_end : *copy;
}

void VhdFile::read_header()
{
    const std::uint64_t size = file_->size();
    if (footer_.data_offset > size || size - footer_.data_offset < vhd::header_size)
        bad(fmt::format("the VHD header at {} lies beyond the end of the file",
                        footer_.data_offset));
    header_ = vhd::decode_header(read_at(*file_, footer_.data_offset, vhd::header_size));

    if (blocks() > header_.max_table_entries)
        bad(fmt::format("a block table of {} entries for a disk of {} blocks",
                        header_.max_table_entries, blocks()));
    if (blocks() > max_blocks)
        bad(fmt::format("a disk of {} blocks; {} are the most that are read", blocks(),
                        max_blocks));
    const std::uint64_t table_size = std::uint64_t{header_.max_table_entries} * entry_size;
    if (header_.table_offset > size || size - header_.table_offset < table_size)
        bad(fmt::format("the block table of {} bytes at {} lies beyond the end of the file",
                        table_size, header_.table_offset));

    reserved_ = {{.offset = 0, .length = vhd::footer_size},
                 {.offset = footer_.data_offset, .length = vhd::header_size},
                 {.offset = header_.table_offset, .length = table_size}};
    for (std::size_t i = 0; i < reserved_.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (overlap(reserved_[i], reserved_[j]))
                bad("the VHD's footer copy, header and block table overlap");
    if (footer_.type == vhd::Type::differencing)
        for (const auto& locator : header_.locators)
            if (locator.platform != 0 && locator.data_offset < size)
                reserved_.push_back({.offset = locator.data_offset, .length = locator.data_length});

    table_ = std::make_unique<PageCache>(*file_, header_.table_offset,
                                         header_.table_offset + blocks() * entry_size, table_page,
                                         table_slots);
    bitmaps_ = std::make_unique<PageCache>(*file_, 0, size, sector_size, bitmap_slots);
}

std::uint64_t VhdFile::blocks() const noexcept
{
    return (footer_.current_size + header_.block_size - 1) / header_.block_size;
}

std::uint32_t VhdFile::entry_of(std::uint64_t block)
{
    const bytes::View page = table_->page(block * entry_size / table_page);
    return bytes::be32(page, block * entry_size % table_page);
}

std::optional<std::uint64_t> VhdFile::block_place(std::uint64_t block)
{
    const std::uint32_t entry = entry_of(block);
    if (entry == vhd::unused_entry)
        return std::nullopt;
    check_entry(block, entry);
    return std::uint64_t{entry} * sector_size;
}

void VhdFile::check_entry(std::uint64_t block, std::uint32_t entry) const
{
    const std::uint64_t bitmap = vhd::bitmap_size(header_.block_size);
    const std::uint64_t used = std::min<std::uint64_t>(
        header_.block_size, footer_.current_size - block * header_.block_size);
    const Extent place{.offset = std::uint64_t{entry} * sector_size, .length = bitmap + used};
    if (place.offset > data_end_ || place.length > data_end_ - place.offset)
        bad(fmt::format(
            "block {} at {} lies beyond the end of the file of {} bytes; it is truncated, or "
            "its block table is damaged",
            block, place.offset, file_->size()));
    for (const Extent& other : reserved_)
        if (overlap(place, other))
            bad(fmt::format("block {} at {} overlaps the structures of the VHD", block,
                            place.offset));
}

void VhdFile::check_table()
{
    std::vector<std::uint32_t> used;
    bool ascending = true;
    for (std::uint64_t block = 0; block < blocks(); ++block) {
        const std::uint32_t entry = entry_of(block);
        if (entry == vhd::unused_entry)
            continue;
        check_entry(block, entry);
        ascending = ascending && (used.empty() || used.back() < entry);
        used.push_back(entry);
    }
    if (!ascending)
        std::sort(used.begin(), used.end());
    const std::uint32_t span =
        (vhd::bitmap_size(header_.block_size) + header_.block_size) / sector_size;
    const auto shared = std::adjacent_find(
        used.begin(), used.end(), [&](std::uint32_t a, std::uint32_t b) { return b - a < span; });
    if (shared != used.end())
        bad(fmt::format("two blocks overlap at {}",
                        std::uint64_t{*std::next(shared)} * sector_size));
}

Layer::Run VhdFile::locate(std::uint64_t offset, std::uint64_t length)
{
    if (footer_.type == vhd::Type::fixed)
        return {.length = length, .at = offset};
    const std::uint64_t block = offset / header_.block_size;
    const std::uint64_t within = offset % header_.block_size;
    length = std::min(length, header_.block_size - within);
    const std::uint32_t entry = entry_of(block);
    if (entry == vhd::unused_entry)
        return {.length = length, .at = std::nullopt};
    check_entry(block, entry); // the file may have changed since it was opened
    return locate_in_block(entry, within, length);
}

// A set bit: the sector is here. A clear one: in the parent, or zeros ("Block Allocation Table and
// Data Blocks").
Layer::Run VhdFile::locate_in_block(std::uint32_t entry, std::uint64_t within, std::uint64_t length)
{
    const std::uint64_t sector = within / sector_size;
    const std::uint64_t page = sector / sectors_per_bitmap_page;
    const std::uint64_t first = sector % sectors_per_bitmap_page;
    const std::uint64_t last =
        std::min(sectors_per_bitmap_page,
                 first + (within % sector_size + length + sector_size - 1) / sector_size);
    const bytes::View bitmap = bitmaps_->page(entry + page);
    const std::uint64_t end = run_end(bitmap, first, last);
    const std::uint64_t run = std::min(length, (end - first) * sector_size - within % sector_size);
    const bool here = (std::to_integer<unsigned>(bitmap[first / 8]) >> (7 - first % 8) & 1U) != 0;
    if (!here)
        return {.length = run, .at = std::nullopt};
    return {.length = run,
            .at =
                std::uint64_t{entry} * sector_size + vhd::bitmap_size(header_.block_size) + within};
}

} // namespace xenlab::block
