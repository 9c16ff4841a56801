// SPDX-License-Identifier: GPL-3.0-or-later
// Disks made by hand, and the ways to drive a Scan over them.
#pragma once

#include <xenlab/block/block_device.hpp>
#include <xenlab/bytes/crc32.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/bytes/hex.hpp>
#include <xenlab/partition/scan.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::partition::test {

using Bytes = std::vector<std::byte>;

/// Sparse: only what was written takes memory.
class MemoryDisk : public block::BlockDevice {
  public:
    explicit MemoryDisk(std::uint64_t size) : size_(size) {}

    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }

    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(size_, offset, buffer.size());
        for (std::size_t i = 0; i < buffer.size(); ++i) {
            const auto page = pages_.find((offset + i) / page_size);
            buffer[i] =
                page == pages_.end() ? std::byte{0} : page->second[(offset + i) % page_size];
        }
    }

    void put(std::uint64_t offset, bytes::View data)
    {
        for (std::size_t i = 0; i < data.size(); ++i) {
            auto& page = pages_[(offset + i) / page_size];
            page.resize(page_size);
            page[(offset + i) % page_size] = data[i];
        }
    }
    void text(std::uint64_t offset, std::string_view data)
    {
        put(offset, {reinterpret_cast<const std::byte*>(data.data()), data.size()});
    }
    void hex(std::uint64_t offset, std::string_view digits)
    {
        put(offset, *bytes::from_hex(digits));
    }
    template <std::unsigned_integral T>
    void le(std::uint64_t offset, T value)
    {
        Bytes b(sizeof(T));
        bytes::store_le(std::span{b}, 0, value);
        put(offset, b);
    }
    template <std::unsigned_integral T>
    void be(std::uint64_t offset, T value)
    {
        Bytes b(sizeof(T));
        bytes::store_be(std::span{b}, 0, value);
        put(offset, b);
    }
    Bytes get(std::uint64_t offset, std::size_t length)
    {
        Bytes b(length);
        read(offset, b);
        return b;
    }

    // Tables

    void boot_signature(std::uint64_t sector = 0) { hex(sector * 512 + 510, "55aa"); }

    /// An entry of an MBR or EBR at `sector`.
    void entry(std::uint64_t sector, unsigned index, std::uint8_t type, std::uint32_t start,
               std::uint32_t sectors, std::uint8_t flag = 0)
    {
        const std::uint64_t at = sector * 512 + 446 + 16 * std::uint64_t{index};
        le(at, flag);
        le(at + 4, type);
        le(at + 8, start);
        le(at + 12, sectors);
        boot_signature(sector);
    }

  private:
    static constexpr std::uint64_t page_size = 4096;
    std::uint64_t size_;
    std::map<std::uint64_t, Bytes> pages_;
};

/// How a driver answers wants.
struct Driver {
    bool know_size = true;
    bool forward_only = false;
    std::uint64_t limit = UINT64_MAX; ///< refuse what ends behind this offset
};

struct Result {
    Table table;
    std::vector<Want> wants;
    std::vector<Want> refused;

    [[nodiscard]] std::uint64_t bytes() const
    {
        std::uint64_t sum = 0;
        for (const Want& w : wants)
            sum += w.length;
        return sum;
    }
};

inline Result drive(block::BlockDevice& disk, const Driver& driver = {})
{
    Scan scan(driver.know_size ? std::optional(disk.size()) : std::nullopt);
    Result result;
    std::uint64_t position = 0;
    while (const auto want = scan.next()) {
        EXPECT_GT(want->length, 0U);
        EXPECT_LE(want->length, std::size_t{128} << 10);
        const bool behind = driver.forward_only && want->offset < position;
        if (behind || want->offset + want->length > driver.limit) {
            result.refused.push_back(*want);
            scan.refuse();
            continue;
        }
        result.wants.push_back(*want);
        const std::uint64_t rest = disk.size() - std::min(disk.size(), want->offset);
        Bytes data(static_cast<std::size_t>(std::min<std::uint64_t>(rest, want->length)));
        disk.read(std::min(disk.size(), want->offset), data);
        position = want->offset + want->length;
        scan.supply(data);
        if (result.wants.size() > 5000) {
            ADD_FAILURE() << "a scan without end";
            break;
        }
    }
    result.table = scan.finish();
    return result;
}

inline Table table_of(MemoryDisk& disk)
{
    return drive(disk).table;
}

inline bool warns(const Table& table, std::string_view part)
{
    return std::any_of(table.warnings.begin(), table.warnings.end(),
                       [&](const std::string& w) { return w.find(part) != std::string::npos; });
}

inline std::string all_warnings(const Table& table)
{
    std::string out;
    for (const std::string& w : table.warnings)
        out += w + "\n";
    return out;
}

// GPT

struct GptSpec {
    struct Part {
        std::string type = "af3dc60f838472478e793d69d8477de4"; ///< as stored: Linux filesystem
        std::uint64_t first = 2048;
        std::uint64_t last = 4095;
        std::uint64_t attributes = 0;
        std::string name = "root";
    };
    std::vector<Part> parts = {{}};
    std::uint64_t sector = 512;
    std::uint32_t count = 128;
    std::uint32_t entry_size = 128;
    std::optional<std::uint64_t> alternate = {}; ///< default: the last sector
    bool protective = true;
    bool backup = true;
};

inline Bytes gpt_entries(const GptSpec& spec)
{
    Bytes table(std::size_t{spec.count} * spec.entry_size);
    for (std::size_t i = 0; i < spec.parts.size(); ++i) {
        const auto& part = spec.parts[i];
        const std::span<std::byte> e =
            std::span{table}.subspan(i * spec.entry_size, spec.entry_size);
        const Bytes type = *bytes::from_hex(part.type);
        std::copy(type.begin(), type.end(), e.begin());
        bytes::store_le(e, 16, std::uint64_t{0x1111222233334444});
        bytes::store_be(e, 24, std::uint64_t{0xA000000000000000 + i});
        bytes::store_le(e, 32, part.first);
        bytes::store_le(e, 40, part.last);
        bytes::store_le(e, 48, part.attributes);
        for (std::size_t c = 0; c < part.name.size(); ++c)
            e[56 + 2 * c] = static_cast<std::byte>(part.name[c]);
    }
    return table;
}

/// Writes the CRC of the header at `at`.
inline void seal_gpt_header(MemoryDisk& disk, std::uint64_t at)
{
    disk.le(at + 16, std::uint32_t{0});
    disk.le(at + 16, bytes::crc32(disk.get(at, 92)));
}

inline void put_gpt_header(MemoryDisk& disk, const GptSpec& spec, std::uint64_t lba,
                           std::uint64_t other, std::uint64_t entries_lba,
                           std::uint32_t entries_crc)
{
    const std::uint64_t at = lba * spec.sector;
    disk.text(at, "EFI PART");
    disk.le(at + 8, std::uint32_t{0x10000});
    disk.le(at + 12, std::uint32_t{92});
    disk.le(at + 24, lba);
    disk.le(at + 32, other);
    disk.le(at + 40, std::uint64_t{34});
    disk.le(at + 48, disk.size() / spec.sector - 34);
    disk.hex(at + 56, "33221100554477668899aabbccddeeff");
    disk.le(at + 72, entries_lba);
    disk.le(at + 80, spec.count);
    disk.le(at + 84, spec.entry_size);
    disk.le(at + 88, entries_crc);
    seal_gpt_header(disk, at);
}

inline void put_gpt(MemoryDisk& disk, const GptSpec& spec = {})
{
    const Bytes entries = gpt_entries(spec);
    const std::uint64_t last = spec.alternate.value_or(disk.size() / spec.sector - 1);
    const std::uint64_t entries_before = last - (entries.size() + spec.sector - 1) / spec.sector;
    const std::uint32_t crc = bytes::crc32(entries);
    if (spec.protective)
        disk.entry(0, 0, 0xEE, 1, 0xFFFFFFFF);
    put_gpt_header(disk, spec, 1, last, 2, crc);
    disk.put(2 * spec.sector, entries);
    if (!spec.backup)
        return;
    put_gpt_header(disk, spec, last, 1, entries_before, crc);
    disk.put(entries_before * spec.sector, entries);
}

// Contents

/// A superblock of ext4 at byte 1024 of `at`.
inline void put_ext4(MemoryDisk& disk, std::uint64_t at, std::string_view label = "root")
{
    const std::uint64_t sb = at + 1024;
    disk.le(sb, std::uint32_t{128});
    disk.le(sb + 4, std::uint32_t{1024});
    disk.le(sb + 20, std::uint32_t{1});
    disk.le(sb + 32, std::uint32_t{8192});
    disk.hex(sb + 56, "53ef");
    disk.le(sb + 76, std::uint32_t{1});
    disk.le(sb + 92, std::uint32_t{0x4});
    disk.le(sb + 96, std::uint32_t{0x42});
    disk.hex(sb + 104, "00112233445566778899aabbccddeeff");
    disk.text(sb + 120, label);
}

constexpr std::string_view ext4_uuid = "00112233-4455-6677-8899-aabbccddeeff";
constexpr std::uint64_t mib = std::uint64_t{1} << 20;

} // namespace xenlab::partition::test
