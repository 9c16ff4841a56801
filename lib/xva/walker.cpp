// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::xva {
namespace {

// A pool of a thousand VMs exports some 50 MiB of metadata.
constexpr std::uint64_t max_metadata = 1ULL << 30U;

} // namespace

Walker::Walker(io::ByteSource& source, std::size_t read_ahead) : tar_(source, read_ahead) {}

void Walker::read_metadata(std::uint64_t length)
{
    if (length > max_metadata)
        throw Error(Errc::bad_data,
                    fmt::format("ova.xml: impossible size of {}", text::human_size(length)));
    std::vector<std::byte> buffer(std::min<std::uint64_t>(length, 1U << 16U));
    MetadataReader reader;
    const auto in_ova_xml = [](auto step) {
        try {
            step();
        } catch (const Error& error) {
            throw error.within("ova.xml");
        }
    };
    while (tar_.remaining() > 0) {
        const std::size_t n = tar_.read(buffer);
        const auto* text = reinterpret_cast<const char*>(buffer.data()); // NOLINT: bytes as text
        in_ova_xml([&] { reader.feed({text, n}); });
    }
    in_ova_xml([&] { metadata_ = reader.finish(); });
    has_metadata_ = true;
    positions_.resize(metadata_.disks.size());
}

std::optional<std::size_t> Walker::find_disk(const std::string& prefix)
{
    auto& disks = metadata_.disks;
    if (last_disk_ < disks.size() && disks[last_disk_].ref == prefix)
        return last_disk_;
    if (disks.empty() && !has_metadata_ && prefix == "vdi") {
        disks.push_back({.ref = "vdi", .size_known = false});
        positions_.resize(1);
    }
    const auto found =
        std::lower_bound(disks.begin(), disks.end(), prefix,
                         [](const Disk& d, const std::string& p) { return d.ref < p; });
    if (found == disks.end() || found->ref != prefix)
        return std::nullopt;
    last_disk_ = static_cast<std::size_t>(found - disks.begin());
    return last_disk_;
}

void Walker::place(Entry& entry)
{
    entry.disk = find_disk(entry.member.prefix);
    if (entry.member.kind != MemberKind::chunk)
        return;
    if (unit_ == 0)
        unit_ = entry.length;
    if (entry.disk)
        entry.placed = positions_[*entry.disk].place(entry.member.number, entry.length,
                                                     unit_ == 0 ? chunk_size : unit_);
}

void Walker::go_on_at(const Standing& standing)
{
    tar_.go_on_at(standing.next_header);
    unit_ = standing.unit;
    positions_ = standing.positions;
}

std::optional<Entry> Walker::next()
{
    const auto header = tar_.next();
    if (!header)
        return std::nullopt;
    Entry entry;
    entry.member = parse_member(header->name, header->type);
    entry.name = header->name;
    entry.header_offset = tar_.header_offset();
    entry.length = header->size;
    // Behind chunks of a tar of one VDI an ova.xml describes nothing any more.
    if (entry.member.kind == MemberKind::metadata && !has_metadata_ && metadata_.disks.empty())
        read_metadata(entry.length);
    if (entry.member.kind == MemberKind::chunk || entry.member.kind == MemberKind::checksum)
        place(entry);
    return entry;
}

} // namespace xenlab::xva
