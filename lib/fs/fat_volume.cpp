// SPDX-License-Identifier: GPL-3.0-or-later
#include "fat_volume.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/endian.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace xenlab::fs {
namespace {

constexpr std::uint32_t info_front = 0x41615252, info_middle = 0x61417272;

} // namespace

FatVolume::FatVolume(block::BlockDevice& device) : device_(device)
{
    read_boot_sector();
}

void FatVolume::read_boot_sector()
{
    std::vector<std::byte> boot(512);
    device_.read(0, boot);
    const auto damaged = [](const char* what) {
        return Error(Errc::bad_data,
                     fmt::format("the boot sector of the FAT volume is damaged: {}", what));
    };
    sector_size_ = bytes::le16(boot, 11);
    const std::uint32_t per_cluster = bytes::u8(boot, 13), reserved = bytes::le16(boot, 14);
    tables_ = bytes::u8(boot, 16);
    const std::uint32_t root_entries = bytes::le16(boot, 17);
    std::uint64_t sectors = bytes::le16(boot, 19);
    if (sectors == 0)
        sectors = bytes::le32(boot, 32);
    std::uint64_t table_sectors = bytes::le16(boot, 22);
    const bool wide = table_sectors == 0; // the layout of FAT32
    if (wide)
        table_sectors = bytes::le32(boot, 36);
    if (!std::has_single_bit(sector_size_) || sector_size_ < 512 || sector_size_ > 4096 ||
        !std::has_single_bit(per_cluster) || reserved == 0 || tables_ == 0 || table_sectors == 0)
        throw damaged("its sizes cannot be");
    const std::uint64_t root_sectors =
        (std::uint64_t{root_entries} * 32 + sector_size_ - 1) / sector_size_;
    const std::uint64_t front = reserved + tables_ * table_sectors + root_sectors;
    if (front >= sectors)
        throw damaged("there is no room for files");
    cluster_size_ = per_cluster * sector_size_;
    const std::uint64_t clusters = (sectors - front) / per_cluster;
    bits_ = wide ? 32 : clusters < 4085 ? 12 : 16;
    end_mark_ = bits_ == 32 ? 0x0fffffff : bits_ == 16 ? 0xffff : 0xfff;
    table_ = std::uint64_t{reserved} * sector_size_;
    table_size_ = table_sectors * sector_size_;
    // A table may be too small for what the volume claims.
    const std::uint64_t held = table_size_ * 8 / bits_;
    clusters_ = static_cast<std::uint32_t>(
        std::min<std::uint64_t>({clusters, held > 2 ? held - 2 : 0, 0x0ffffff5}));
    root_area_ = {table_ + tables_ * table_size_, std::uint64_t{root_entries} * 32, false};
    data_ = front * sector_size_;
    state_ = boot[wide ? 0x41 : 0x25];
    if (!wide)
        return;
    root_cluster_ = bytes::le32(boot, 44);
    if (root_cluster_ < 2)
        throw damaged("it has no root directory");
    const std::uint32_t flags = bytes::le16(boot, 40), info = bytes::le16(boot, 48);
    if ((flags & 0x80U) != 0)
        active_ = std::min(flags & 0xfU, tables_ - 1);
    if (info != 0 && info < reserved)
        info_ = std::uint64_t{info} * sector_size_;
}

std::uint64_t FatVolume::place(std::uint32_t cluster) const
{
    if (cluster < 2 || cluster - 2 >= clusters_)
        throw Error(Errc::bad_data, fmt::format("cluster {} is not on the FAT volume", cluster));
    return data_ + std::uint64_t{cluster - 2} * cluster_size_;
}

std::uint32_t FatVolume::entry(std::uint32_t cluster)
{
    const std::uint64_t bit = std::uint64_t{cluster} * bits_;
    const std::uint64_t at = table_ + active_.value_or(0) * table_size_ + bit / 8;
    std::byte raw[4]{};
    device_.read(at, std::span(raw).first(bits_ == 32 ? 4 : 2));
    if (bits_ == 32)
        return bytes::le32(raw, 0) & 0x0fffffff;
    const std::uint32_t value = bytes::le16(raw, 0);
    return bits_ == 16 ? value : bit % 8 != 0 ? value >> 4U : value & 0xfff;
}

void FatVolume::set_entry(std::uint32_t cluster, std::uint32_t value)
{
    const std::uint64_t bit = std::uint64_t{cluster} * bits_;
    for (unsigned table = 0; table < tables_; ++table) {
        if (active_ && *active_ != table)
            continue;
        const std::uint64_t at = table_ + table * table_size_ + bit / 8;
        std::byte raw[4]{};
        const auto field = std::span(raw).first(bits_ == 32 ? 4 : 2);
        device_.read(at, field);
        if (bits_ == 32)
            bytes::store_le(field, 0, (bytes::le32(raw, 0) & 0xf0000000) | value);
        else if (bits_ == 16)
            bytes::store_le(field, 0, static_cast<std::uint16_t>(value));
        else if (bit % 8 != 0)
            bytes::store_le(field, 0,
                            static_cast<std::uint16_t>((bytes::le16(raw, 0) & 0xfU) | value << 4U));
        else
            bytes::store_le(field, 0,
                            static_cast<std::uint16_t>((bytes::le16(raw, 0) & 0xf000U) | value));
        device_.write(at, field);
    }
}

std::vector<std::uint32_t> FatVolume::chain(std::uint32_t first, std::uint32_t most)
{
    std::vector<std::uint32_t> all;
    for (std::uint32_t cluster = first; all.size() < most;) {
        if (all.size() >= clusters_)
            throw Error(Errc::bad_data, "a chain of the FAT has no end");
        static_cast<void>(place(cluster));
        all.push_back(cluster);
        cluster = entry(cluster);
        if (is_end(cluster))
            break;
    }
    return all;
}

std::vector<FileRun> FatVolume::runs(std::uint32_t first, std::uint32_t most)
{
    std::vector<FileRun> all;
    std::uint64_t content = 0;
    for (const std::uint32_t cluster : chain(first, most)) {
        const std::uint64_t at = place(cluster);
        if (!all.empty() && all.back().volume + all.back().length == at)
            all.back().length += cluster_size_;
        else
            all.push_back({content, at, cluster_size_});
        content += cluster_size_;
    }
    return all;
}

std::string FatVolume::dirt()
{
    const std::uint32_t marks = bits_ == 12 ? ~0U : entry(1);
    const std::uint32_t clean = bits_ == 32 ? 0x08000000 : 0x8000;
    const std::uint32_t sound = bits_ == 32 ? 0x04000000 : 0x4000;
    if ((state_ & std::byte{1}) != std::byte{0} || (marks & clean) == 0)
        return "the FAT volume was not unmounted cleanly";
    if ((state_ & std::byte{2}) != std::byte{0} || (marks & sound) == 0)
        return "the FAT volume is marked as having bad sectors";
    return {};
}

std::uint32_t FatVolume::allocate(std::uint32_t count)
{
    std::uint32_t first = 0, last = 0, found = 0;
    for (std::uint32_t seen = 0; seen < clusters_ && found < count; ++seen) {
        const std::uint32_t cluster = next_;
        next_ = next_ - 1 >= clusters_ ? 2 : next_ + 1;
        if (entry(cluster) != 0)
            continue;
        set_entry(cluster, end_mark_);
        if (last != 0)
            set_entry(last, cluster);
        else
            first = cluster;
        last = cluster;
        ++found;
    }
    freed_ -= found;
    if (found < count) {
        if (first != 0)
            free_chain(first);
        throw Error(Errc::failed, "the FAT volume is full");
    }
    return first;
}

std::uint32_t FatVolume::extend(std::uint32_t first)
{
    const std::uint32_t last = chain(first, clusters_ + 1).back();
    const std::uint32_t added = allocate(1);
    set_entry(last, added);
    return added;
}

void FatVolume::free_chain(std::uint32_t first)
{
    if (first == 0)
        return;
    const auto all = chain(first, clusters_ + 1);
    for (const std::uint32_t cluster : all)
        set_entry(cluster, 0);
    freed_ += static_cast<std::int64_t>(all.size());
}

void FatVolume::update_info()
{
    if (info_ == 0 || freed_ == 0)
        return;
    std::vector<std::byte> info(512);
    device_.read(info_, info);
    if (bytes::le32(info, 0) != info_front || bytes::le32(info, 484) != info_middle)
        return;
    const std::uint32_t known = bytes::le32(info, 488);
    const std::int64_t now = std::int64_t{known} + freed_;
    // A count that cannot be is one that nobody trusts.
    const bool sane = known <= clusters_ && now >= 0 && now <= clusters_;
    bytes::store_le(info, 488, sane ? static_cast<std::uint32_t>(now) : 0xffffffffU);
    bytes::store_le(info, 492, next_);
    device_.write(info_, info);
    freed_ = 0;
}

} // namespace xenlab::fs
