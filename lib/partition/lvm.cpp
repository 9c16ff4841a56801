// SPDX-License-Identifier: GPL-3.0-or-later
#include "lvm_text.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/checked.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/partition/lvm.hpp>
#include <xenlab/partition/table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace xenlab::partition {
namespace {

constexpr std::uint64_t max_metadata = std::uint64_t{16} << 20U;
constexpr std::size_t max_segments = 1'000'000;

std::string_view chars(bytes::View data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()}; // NOLINT: char may alias
}

/// LVM prints a uuid of 32 letters as 6-4-4-4-4-4-6; its metadata has it that way.
std::string with_dashes(std::string_view id)
{
    std::string out;
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i == 6 || i == 10 || i == 14 || i == 18 || i == 22 || i == 26)
            out += '-';
        out += id[i];
    }
    return out;
}

struct PhysicalVolume {
    std::string id;
    std::string metadata; ///< empty when it carries none
};

std::string read_metadata(block::BlockDevice& device, std::uint64_t area, std::uint64_t area_size)
{
    std::vector<std::byte> header(512);
    device.read(area, header);
    if (std::memcmp(header.data() + 4, " LVM2 x[5A%r0N*>", 16) != 0)
        throw Error(Errc::bad_data, "the header of an LVM metadata area is damaged");
    const std::uint64_t offset = bytes::le64(header, 40), size = bytes::le64(header, 48);
    if (size == 0)
        return {};
    if (area_size <= 512 || offset < 512 || offset >= area_size || size > max_metadata ||
        size > area_size - 512)
        throw Error(Errc::bad_data, "an LVM metadata area points outside itself");
    // The area is a ring behind its header.
    std::vector<std::byte> text(static_cast<std::size_t>(size));
    const auto front = static_cast<std::size_t>(std::min(size, area_size - offset));
    device.read(area + offset, std::span(text).first(front));
    device.read(area + 512, std::span(text).subspan(front));
    return std::string(chars(text));
}

PhysicalVolume read_pv(block::BlockDevice& device)
{
    std::vector<std::byte> head(
        static_cast<std::size_t>(std::min<std::uint64_t>(device.size(), 4 * sector_size)));
    device.read(0, head);
    for (std::size_t at = 0; at + sector_size <= head.size(); at += sector_size) {
        const auto sector = std::span(head).subspan(at, sector_size);
        if (std::memcmp(sector.data(), "LABELONE", 8) != 0 ||
            std::memcmp(sector.data() + 24, "LVM2 001", 8) != 0)
            continue;
        std::size_t p = bytes::le32(sector, 20);
        if (p < 32 || p + 40 > sector.size())
            break;
        PhysicalVolume pv{.id = with_dashes(chars(sector.subspan(p, 32)))};
        // Two lists of offset and size, each with a zero offset behind its last.
        p += 40;
        for (unsigned list = 0; list < 2; ++list) {
            for (; p + 16 <= sector.size() && bytes::le64(sector, p) != 0; p += 16)
                if (list == 1 && pv.metadata.empty())
                    pv.metadata =
                        read_metadata(device, bytes::le64(sector, p), bytes::le64(sector, p + 8));
            p += 16;
        }
        return pv;
    }
    throw Error(Errc::bad_data, "the label of an LVM physical volume is damaged");
}

/// One version of a volume group's metadata, and where its PVs are.
class Group {
  public:
    Group(std::string name, const LvmSection& section,
          const std::map<std::string, std::size_t>& ids,
          const std::vector<block::BlockDevice*>& devices)
        : name_(std::move(name)), section_(section), devices_(devices),
          extent_(section.number("extent_size").value_or(0) * sector_size)
    {
        if (extent_ == 0)
            throw Error(Errc::bad_data, "the LVM metadata has no extent size");
        const LvmSection* pvs = section.section("physical_volumes");
        if (pvs == nullptr)
            return;
        for (const auto& [pv, values] : pvs->sections) {
            const auto found = ids.find(values.text("id"));
            if (found != ids.end())
                pvs_[pv] = {found->second, values.number("pe_start").value_or(0) * sector_size};
            else
                missing_.push_back(pv);
        }
    }

    [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

    void volumes(std::vector<LogicalVolume>& all) const
    {
        const LvmSection* lvs = section_.section("logical_volumes");
        if (lvs == nullptr)
            return;
        for (const auto& [name, values] : lvs->sections) {
            const auto status = values.values.find("status");
            if (status == values.values.end() ||
                std::find(status->second.begin(), status->second.end(), "VISIBLE") ==
                    status->second.end())
                continue;
            all.push_back(volume(name, values));
        }
    }

  private:
    struct Where {
        std::size_t device = 0;
        std::uint64_t start = 0;
    };

    [[nodiscard]] LogicalVolume volume(const std::string& name, const LvmSection& values) const
    {
        LogicalVolume lv{.group = name_, .name = name, .uuid = values.text("id")};
        std::map<std::uint64_t, const LvmSection*> ordered;
        for (const auto& [key, segment] : values.sections) {
            ordered[segment.number("start_extent").value_or(0)] = &segment;
            lv.size += extents(segment, "extent_count");
        }
        std::uint64_t end = 0;
        for (const auto& [start, segment] : ordered) {
            if (start != end)
                lv.unusable = "its segments leave gaps";
            end += segment->number("extent_count").value_or(0);
            if (lv.unusable.empty())
                lv.unusable = add_segment(lv, *segment);
        }
        if (lv.segments.empty() && lv.unusable.empty())
            lv.unusable = "it has no segments";
        if (!lv.unusable.empty())
            lv.segments.clear();
        return lv;
    }

    [[nodiscard]] std::uint64_t extents(const LvmSection& segment, const std::string& name) const
    {
        const auto bytes = bytes::checked_mul(segment.number(name).value_or(0), extent_);
        if (!bytes || *bytes > (std::uint64_t{1} << 62U))
            throw Error(Errc::bad_data, "the LVM metadata claims an impossible size");
        return *bytes;
    }

    /// Returns why it cannot be mapped.
    std::string add_segment(LogicalVolume& lv, const LvmSection& segment) const
    {
        const std::string type = segment.text("type");
        const auto stripes = segment.values.find("stripes");
        if (type != "striped" || stripes == segment.values.end())
            return fmt::format("it is of the kind {}, and only linear and striped volumes can be "
                               "read",
                               text::quoted(type));
        const std::size_t count = stripes->second.size() / 2;
        if (count == 0 || segment.number("stripe_count") != count)
            return "its stripes do not add up";
        std::vector<block::Segment> columns;
        const std::uint64_t length = extents(segment, "extent_count") / count;
        for (std::size_t i = 0; i < count; ++i) {
            const auto pv = pvs_.find(stripes->second[2 * i]);
            const auto extent = text::parse_u64(stripes->second[2 * i + 1]);
            if (pv == pvs_.end())
                return fmt::format("its physical volume {} is not among the disks",
                                   text::quoted(stripes->second[2 * i]));
            const auto offset = extent ? bytes::checked_mul(*extent, extent_) : std::nullopt;
            const auto at = offset ? bytes::checked_add(*offset, pv->second.start) : std::nullopt;
            if (!at || *at > (std::uint64_t{1} << 62U))
                return "its place on a physical volume is damaged";
            columns.push_back({devices_.at(pv->second.device), *at, length});
            if (lv.segments.empty() && i == 0)
                lv.first_pv = pv->second.device;
        }
        if (count == 1) {
            lv.segments.push_back(columns.front());
            return {};
        }
        return interleave(lv, segment, columns);
    }

    std::string interleave(LogicalVolume& lv, const LvmSection& segment,
                           const std::vector<block::Segment>& columns) const
    {
        const std::uint64_t stripe = segment.number("stripe_size").value_or(0) * sector_size;
        const std::uint64_t length = columns.front().length;
        if (stripe == 0)
            return "its stripes do not add up";
        if (length / stripe > max_segments / columns.size())
            return "it has more stripes than can be mapped here";
        for (std::uint64_t at = 0; at < length; at += stripe)
            for (const block::Segment& column : columns)
                lv.segments.push_back(
                    {column.device, column.offset + at, std::min(stripe, length - at)});
        return {};
    }

    std::string name_;
    const LvmSection& section_;
    const std::vector<block::BlockDevice*>& devices_;
    std::uint64_t extent_;
    std::map<std::string, Where> pvs_;
    std::vector<std::string> missing_;
};

} // namespace

std::vector<LogicalVolume> read_lvm(const std::vector<block::BlockDevice*>& physical,
                                    const std::function<void(const std::string&)>& warn)
{
    std::map<std::string, std::size_t> ids;
    std::map<std::string, std::pair<std::uint64_t, LvmSection>> groups; // by name; the newest
    for (std::size_t i = 0; i < physical.size(); ++i) {
        try {
            const PhysicalVolume pv = read_pv(*physical[i]);
            ids.emplace(pv.id, i);
            if (pv.metadata.empty())
                continue;
            LvmSection whole = parse_lvm_text(pv.metadata);
            for (auto& [name, section] : whole.sections) {
                const std::uint64_t seqno = section.number("seqno").value_or(0);
                const auto known = groups.find(name);
                if (known == groups.end() || known->second.first < seqno)
                    groups[name] = {seqno, std::move(section)};
            }
        } catch (const Error& error) {
            warn(error.what());
        }
    }
    std::vector<LogicalVolume> all;
    for (const auto& [name, versioned] : groups) {
        try {
            const Group group(name, versioned.second, ids, physical);
            for (const std::string& pv : group.missing())
                warn(fmt::format("volume group {} lacks its physical volume {}", text::quoted(name),
                                 text::quoted(pv)));
            group.volumes(all);
        } catch (const Error& error) {
            warn(fmt::format("volume group {}: {}", text::quoted(name), error.what()));
        }
    }
    return all;
}

} // namespace xenlab::partition
