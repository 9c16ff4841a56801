// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/registry/hive_log.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace xenlab::registry {
namespace {

using bytes::le32;
using bytes::le64;

constexpr std::size_t base_size = 4096, sector = 512;
constexpr std::uint32_t max_hive = 0x7ff00000;
enum Field : std::size_t {
    sequence1 = 4,
    sequence2 = 8,
    file_type = 28,
    bins_size = 40,
    checksum = 508
};

bool has_magic(bytes::View data, const char* magic)
{
    return data.size() >= 4 && std::memcmp(data.data(), magic, 4) == 0;
}

bool sound_base(bytes::View data)
{
    return data.size() >= sector && has_magic(data, "regf") &&
           le32(data, checksum) == base_checksum(data);
}

struct Entry {
    std::uint32_t sequence = 0;
    std::uint32_t bins = 0;
    bytes::View references, pages;
};

/// The entries of a log of the new format, up to the first that is damaged.
std::vector<Entry> entries_of(bytes::View log)
{
    std::vector<Entry> all;
    for (std::size_t at = sector; at + 40 <= log.size();) {
        const auto rest = log.subspan(at);
        const std::size_t size = le32(rest, 4);
        if (!has_magic(rest, "HvLE") || size < sector || size % sector != 0 || size > rest.size())
            break;
        const auto entry = rest.first(size);
        if (marvin32(entry.first(32)) != le64(entry, 32) ||
            marvin32(entry.subspan(40)) != le64(entry, 24))
            break;
        const std::size_t count = le32(entry, 20);
        Entry found{.sequence = le32(entry, 12), .bins = le32(entry, 16)};
        if (count > (size - 40) / 8 || found.bins % base_size != 0 || found.bins > max_hive)
            break;
        found.references = entry.subspan(40, count * 8);
        found.pages = entry.subspan(40 + count * 8);
        if (!all.empty() && found.sequence != all.back().sequence + 1)
            break;
        all.push_back(found);
        at += size;
    }
    return all;
}

void write_page(std::vector<std::byte>& hive, std::size_t offset, bytes::View page)
{
    if (offset > hive.size() - base_size || page.size() > hive.size() - base_size - offset)
        throw Error(Errc::bad_data, "a log of the registry hive writes past the hive's end");
    std::copy(page.begin(), page.end(),
              hive.begin() + static_cast<std::ptrdiff_t>(base_size + offset));
}

void apply_entry(std::vector<std::byte>& hive, const Entry& entry, LogResult& result)
{
    hive.resize(base_size + entry.bins);
    bytes::View pages = entry.pages;
    for (std::size_t at = 0; at < entry.references.size(); at += 8) {
        const std::size_t offset = le32(entry.references, at);
        const std::size_t size = le32(entry.references, at + 4);
        if (size > pages.size())
            throw Error(Errc::bad_data, "a log entry of the registry hive is damaged");
        write_page(hive, offset, pages.first(size));
        pages = pages.subspan(size);
        ++result.pages;
    }
    bytes::store_le(std::span(hive), bins_size, entry.bins);
    ++result.entries;
}

/// A bit for each sector of the hive's bins; the sectors follow at a sector boundary.
bool apply_old_format(std::vector<std::byte>& hive, bytes::View log, LogResult& result)
{
    if (!sound_base(log) || log.size() < sector + 4 || !has_magic(log.subspan(sector), "DIRT"))
        return false;
    const std::uint32_t bins = le32(log, bins_size);
    const std::size_t map_size = bins / sector / 8;
    if (bins % base_size != 0 || bins > max_hive || map_size > log.size() - sector - 4)
        return false;
    const auto map = log.subspan(sector + 4, map_size);
    std::size_t from = (sector + 4 + map_size + sector - 1) / sector * sector;
    hive.resize(base_size + bins);
    for (std::size_t i = 0; i < map_size * 8; ++i) {
        if ((std::to_integer<unsigned>(map[i / 8]) >> (i % 8) & 1U) == 0)
            continue;
        if (from + sector > log.size())
            throw Error(Errc::bad_data, "the log of the registry hive is cut off");
        write_page(hive, i * sector, log.subspan(from, sector));
        from += sector;
        ++result.pages;
    }
    bytes::store_le(std::span(hive), bins_size, bins);
    ++result.entries;
    return true;
}

void finish(std::vector<std::byte>& hive, std::uint32_t sequence)
{
    const auto base = std::span(hive);
    bytes::store_le(base, sequence1, sequence);
    bytes::store_le(base, sequence2, sequence);
    bytes::store_le(base, file_type, std::uint32_t{0});
    bytes::store_le(base, checksum, base_checksum(hive));
}

} // namespace

std::uint64_t marvin32(bytes::View data)
{
    constexpr std::uint64_t seed = 0x82ef4d887a4e55c5;
    auto low = static_cast<std::uint32_t>(seed), high = static_cast<std::uint32_t>(seed >> 32U);
    const auto mix = [&](std::uint32_t word) {
        low += word;
        high ^= low;
        low = std::rotl(low, 20) + high;
        high = std::rotl(high, 9) ^ low;
        low = std::rotl(low, 27) + high;
        high = std::rotl(high, 19);
    };
    const std::size_t whole = data.size() / 4 * 4;
    for (std::size_t at = 0; at < whole; at += 4)
        mix(le32(data, at));
    std::uint32_t last = 0;
    for (std::size_t i = whole; i < data.size(); ++i)
        last |= std::to_integer<std::uint32_t>(data[i]) << (8 * (i - whole));
    mix(last | 0x80U << (8 * (data.size() - whole)));
    mix(0);
    return std::uint64_t{high} << 32U | low;
}

std::uint32_t base_checksum(bytes::View base)
{
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < checksum; at += 4)
        sum ^= le32(base, at);
    return sum == 0xffffffff ? 0xfffffffe : sum == 0 ? 1 : sum;
}

bool is_dirty(bytes::View hive)
{
    if (hive.size() < base_size || !has_magic(hive, "regf"))
        throw Error(Errc::bad_data, "the file is no registry hive");
    return !sound_base(hive) || le32(hive, sequence1) != le32(hive, sequence2);
}

LogResult apply_logs(std::vector<std::byte>& hive, const std::vector<std::vector<std::byte>>& logs)
{
    LogResult result;
    if (!is_dirty(hive))
        return result;
    if (!sound_base(hive)) {
        const auto source =
            std::find_if(logs.begin(), logs.end(), [](const auto& log) { return sound_base(log); });
        if (source == logs.end())
            throw Error(Errc::bad_data,
                        "the base block of the registry hive is damaged, and no log has it");
        std::copy_n(source->begin(), sector, hive.begin());
        // The log's own sequence numbers are equal; its entries start there.
        result.rebuilt = true;
    }
    std::vector<std::vector<Entry>> runs;
    for (const auto& log : logs)
        if (sound_base(log))
            if (auto entries = entries_of(log); !entries.empty())
                runs.push_back(std::move(entries));
    std::sort(runs.begin(), runs.end(),
              [](const auto& a, const auto& b) { return a.front().sequence < b.front().sequence; });
    std::uint32_t next = le32(hive, sequence2);
    bool begun = false;
    for (const auto& run : runs)
        for (const Entry& entry : run) {
            if (entry.sequence < next || (begun && entry.sequence != next))
                continue;
            apply_entry(hive, entry, result);
            next = entry.sequence + 1;
            begun = true;
        }
    if (!begun)
        for (const auto& log : logs)
            if (!begun && apply_old_format(hive, log, result)) {
                begun = true;
                next = std::max(next, le32(log, sequence1)) + 1;
            }
    if (!begun && !result.rebuilt)
        return result; // as it was: what is missing is nowhere
    finish(hive, begun ? next : std::max(le32(hive, sequence1), le32(hive, sequence2)));
    return result;
}

} // namespace xenlab::registry
