// SPDX-License-Identifier: GPL-3.0-or-later
// Makes VHD files byte by byte from the specification, sharing no code with the library, so that
// one mistake does not cancel itself. Every field can be made a lie.
#pragma once

#include "support.hpp"

#include <map>
#include <string>
#include <vector>

namespace xenlab::block::test {

struct Locator {
    std::string code; ///< "W2ru"
    Bytes data;
};

inline Bytes utf16(const std::string& ascii, bool little)
{
    Bytes data;
    for (const char c : ascii) {
        data.push_back(little ? static_cast<std::byte>(c) : std::byte{0});
        data.push_back(little ? std::byte{0} : static_cast<std::byte>(c));
    }
    return data;
}

struct VhdRecipe {
    std::uint32_t type = 3;
    std::uint64_t size = 0;
    std::uint32_t block_size = 2 << 20;
    std::string uuid = std::string(16, 'u');
    std::uint32_t timestamp = 1000;
    std::string creator = "win ";
    std::string parent_uuid = std::string(16, '\0');
    std::uint32_t parent_timestamp = 0;
    std::string parent_name; ///< ASCII
    std::vector<Locator> locators;
    std::map<std::uint64_t, Bytes> sectors; ///< by number, 512 bytes each: what this file has
    std::uint32_t spare_entries = 0;        ///< of the table, beyond what the disk needs
    std::byte unmarked{0xEE};               ///< fills the sectors that a bitmap leaves out
    bool blocks_backwards = false;          ///< in the file
};

class VhdFileMaker {
  public:
    static constexpr std::size_t header_at = 512;
    static constexpr std::size_t table_at = 1536;

    explicit VhdFileMaker(VhdRecipe recipe) : r(std::move(recipe))
    {
        const Bytes foot = footer();
        file = foot;
        file.resize(table_at);
        const std::uint64_t entries = (r.size + r.block_size - 1) / r.block_size + r.spare_entries;
        file.resize(table_at + (entries * 4 + 511) / 512 * 512, std::byte{0xFF});
        header(static_cast<std::uint32_t>(entries));
        for (std::size_t i = 0; i < r.locators.size(); ++i)
            locator(i);
        seal_header();
        blocks();
        file.insert(file.end(), foot.begin(), foot.end());
    }

    void be(std::size_t at, std::size_t width, std::uint64_t value)
    {
        for (std::size_t i = 0; i < width; ++i)
            file.at(at + i) = static_cast<std::byte>(value >> (8 * (width - 1 - i)));
    }
    void put(std::size_t at, const Bytes& data)
    {
        std::copy(data.begin(), data.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
    }
    /// Makes the checksums right again after a lie.
    void seal_header() { seal(file, header_at, 1024, header_at + 36); }
    void seal_footers()
    {
        seal(file, 0, 512, 64);
        seal(file, file.size() - 512, 512, file.size() - 512 + 64);
    }
    void be_in_footers(std::size_t at, std::size_t width, std::uint64_t value)
    {
        be(at, width, value);
        be(file.size() - 512 + at, width, value);
        seal_footers();
    }

    Bytes file;

  private:
    static void seal(Bytes& data, std::size_t at, std::size_t length, std::size_t sum_at)
    {
        std::fill_n(data.begin() + static_cast<std::ptrdiff_t>(sum_at), 4, std::byte{0});
        std::uint32_t sum = 0;
        for (std::size_t i = at; i < at + length; ++i)
            sum += static_cast<std::uint8_t>(data.at(i));
        for (std::size_t i = 0; i < 4; ++i)
            data.at(sum_at + i) = static_cast<std::byte>(~sum >> (24 - 8 * i));
    }

    Bytes footer()
    {
        file.assign(512, std::byte{0});
        put(0, raw("conectix"));
        be(8, 4, 2);
        be(12, 4, 0x10000);
        be(16, 8, r.type == 2 ? ~std::uint64_t{0} : header_at);
        be(24, 4, r.timestamp);
        put(28, raw(r.creator));
        be(32, 4, 0x60001);
        put(36, raw("Wi2k"));
        be(40, 8, r.size);
        be(48, 8, r.size);
        be(60, 4, r.type);
        put(68, raw(r.uuid));
        seal(file, 0, 512, 64);
        return file;
    }

    void header(std::uint32_t entries)
    {
        put(header_at, raw("cxsparse"));
        be(header_at + 8, 8, ~std::uint64_t{0});
        be(header_at + 16, 8, table_at);
        be(header_at + 24, 4, 0x10000);
        be(header_at + 28, 4, entries);
        be(header_at + 32, 4, r.block_size);
        put(header_at + 40, raw(r.parent_uuid));
        be(header_at + 56, 4, r.parent_timestamp);
        put(header_at + 64, utf16(r.parent_name, false));
    }

    void locator(std::size_t index)
    {
        const Locator& l = r.locators[index];
        const std::size_t at = header_at + 576 + 24 * index;
        const std::size_t sectors = (l.data.size() + 511) / 512;
        put(at, raw(l.code));
        be(at + 4, 4, index % 2 == 0 ? sectors : sectors * 512); // both are met with
        be(at + 8, 4, l.data.size());
        be(at + 16, 8, file.size());
        const std::size_t where = file.size();
        file.resize(where + sectors * 512);
        put(where, l.data);
    }

    void blocks()
    {
        const std::uint64_t per_block = r.block_size / 512;
        const std::size_t bitmap = (per_block + 4095) / 4096 * 512;
        std::vector<std::uint64_t> numbers;
        for (const auto& [sector, data] : r.sectors)
            if (numbers.empty() || numbers.back() != sector / per_block)
                numbers.push_back(sector / per_block);
        if (r.blocks_backwards)
            std::reverse(numbers.begin(), numbers.end());
        for (const std::uint64_t number : numbers) {
            const std::size_t where = file.size();
            be(table_at + number * 4, 4, where / 512);
            file.resize(where + bitmap, std::byte{0});
            file.resize(where + bitmap + r.block_size, r.unmarked);
            for (auto it = r.sectors.lower_bound(number * per_block);
                 it != r.sectors.end() && it->first < (number + 1) * per_block; ++it) {
                const std::uint64_t n = it->first % per_block;
                file.at(where + n / 8) |= static_cast<std::byte>(0x80U >> (n % 8));
                put(where + bitmap + n * 512, it->second);
            }
        }
    }

    VhdRecipe r;
};

/// Random sectors, in runs and alone, for a disk; and what the disk then holds.
inline void scatter(std::mt19937_64& random, VhdRecipe& recipe, Bytes& disk, int runs)
{
    disk.resize(recipe.size);
    for (int i = 0; i < runs; ++i) {
        const std::uint64_t first = random() % (recipe.size / 512);
        const std::uint64_t count = std::min<std::uint64_t>(1 + random() % (i % 3 == 0 ? 300 : 3),
                                                            recipe.size / 512 - first);
        for (std::uint64_t n = first; n < first + count; ++n) {
            recipe.sectors[n] = random() % 8 == 0 ? Bytes(512) : random_bytes(random, 512);
            std::copy_n(recipe.sectors[n].begin(), 512,
                        disk.begin() + static_cast<std::ptrdiff_t>(n * 512));
        }
    }
}

} // namespace xenlab::block::test
