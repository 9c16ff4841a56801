// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpt_reader.hpp"

#include "sight.hpp"

#include <xenlab/bytes/checked.hpp>
#include <xenlab/bytes/crc32.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace xenlab::partition {
namespace {

// 128 entries of 128 bytes are 16 KiB; whatever a header says, no more than this is read.
constexpr std::uint64_t max_entries_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t piece = std::uint64_t{64}
                                << 10; // a multiple of every entry size that is 128 x 2^n
constexpr std::size_t sector_sizes[] = {512, 4096};

} // namespace

std::optional<std::size_t> GptReader::logical_sector(bytes::View head)
{
    for (const std::size_t size : sector_sizes)
        if (has(head, size, gpt_signature))
            return size;
    return std::nullopt;
}

void GptReader::start(bytes::View head)
{
    const auto sector = logical_sector(head);
    if (!sector)
        return primary_damaged("it is not there");
    sector_ = *sector;
    const bytes::View rest = head.subspan(sector_);
    auto parsed = parse_gpt_header(rest.first(std::min(rest.size(), sector_)), 1);
    if (const auto* unsound = std::get_if<Unsound>(&parsed))
        return primary_damaged(unsound->why);
    auto copy = std::make_shared<Copy>();
    copy->header = std::get<GptHeader>(std::move(parsed));
    read_entries(copy, [this](const CopyPtr& c) { primary_read(c); });
}

void GptReader::read_entries(CopyPtr copy, const CopyRead& then)
{
    const GptHeader& header = copy->header;
    const std::uint64_t cap = max_entries_bytes - max_entries_bytes % header.entry_size;
    copy->wanted = std::min(header.entries_bytes(), cap);
    const auto start = bytes::checked_mul(header.entries_lba, sector_);
    const auto offset = start ? bytes::checked_add(*start, copy->read) : std::nullopt;
    const std::uint64_t chunk = piece - piece % header.entry_size;
    const std::uint64_t left = std::min(chunk, copy->wanted - copy->read);
    if (left == 0 || !offset || (draft_.disk_size && *offset >= *draft_.disk_size)) {
        finish_entries(*copy);
        return then(std::move(copy));
    }
    requests_.ask(*offset, static_cast<std::size_t>(left), [=, this](const auto& data) {
        if (!data)
            return then(nullptr);
        entries_piece(copy, *data, then);
    });
}

void GptReader::entries_piece(const CopyPtr& copy, bytes::View data, const CopyRead& then)
{
    const std::size_t size = copy->header.entry_size;
    copy->crc = bytes::crc32(data, copy->crc);
    for (std::size_t at = 0; at + size <= data.size(); at += size) {
        const auto number = static_cast<unsigned>((copy->read + at) / size + 1);
        // One more than can be listed, so that the cut is noticed.
        if (auto entry = parse_gpt_entry(data.subspan(at, size));
            entry && copy->entries.size() <= max_partitions)
            copy->entries.push_back({number, std::move(*entry)});
    }
    const bool ended = data.size() < std::min(piece - piece % size, copy->wanted - copy->read);
    copy->read += data.size();
    if (!ended)
        return read_entries(copy, then);
    finish_entries(*copy);
    then(copy);
}

void GptReader::finish_entries(Copy& copy)
{
    if (!copy.damage.empty())
        return;
    if (copy.read < copy.wanted)
        copy.damage = "its entries lie beyond the end of the disk";
    else if (copy.wanted < copy.header.entries_bytes())
        copy.damage =
            fmt::format("it has {} entries, too many to be true", copy.header.entry_count);
    else if (copy.crc != copy.header.entries_crc)
        copy.damage = "the checksum of its entries is wrong";
}

void GptReader::primary_damaged(std::string why)
{
    draft_.warn(fmt::format("the primary GPT is damaged: {}", why));
    read_backup();
}

void GptReader::primary_read(const CopyPtr& copy)
{
    if (!copy) { // whatever cannot reach the entries cannot reach the backup either
        draft_.warn("the entries of the GPT were not read");
        return backup_unread();
    }
    primary_ = copy;
    if (!copy->damage.empty())
        return primary_damaged(copy->damage);
    accept(*copy);
    read_backup();
}

void GptReader::accept(const Copy& copy)
{
    const GptHeader& header = copy.header;
    const std::uint64_t scale = sector_ / sector_size;
    Table& table = draft_.table;
    table.id = header.disk_guid;
    table.logical_sector_size = sector_;
    table.first_usable_lba = bytes::checked_mul(header.first_usable, scale).value_or(0);
    table.last_usable_lba =
        bytes::checked_mul(header.last_usable, scale).value_or(UINT64_MAX - scale) + scale - 1;
    accepted_ = true;
    done_(Verdict::gpt, copy.entries);
}

} // namespace xenlab::partition
