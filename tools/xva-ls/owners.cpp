// SPDX-License-Identifier: GPL-3.0-or-later
// --at: the files that own a range of a disk.
#include "listing.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace xva_ls {

using namespace xenlab;
using nlohmann::ordered_json;

namespace {

constexpr std::uint64_t chunk_size = std::uint64_t{1} << 20U; // of an XVA

struct Range {
    std::size_t disk = 0; ///< of the guest
    std::uint64_t offset = 0;
    std::uint64_t length = 1;
};

/// "OFFSET[,LENGTH]" of the only disk, or the name of a chunk: "Ref:2/00000028".
Range parse_range(const std::string& at, const guest::Guest& guest)
{
    const auto bad = [&] {
        return Error(Errc::usage, fmt::format("{} is no range of a disk", text::quoted(at)),
                     "write OFFSET[,LENGTH] in bytes, or a chunk: Ref:2/00000028");
    };
    Range range;
    if (const std::size_t slash = at.rfind('/'); slash != std::string::npos) {
        const auto number = text::parse_u64(
            at.substr(std::min(at.find_first_not_of('0', slash + 1), at.size() - 1)));
        const auto disk =
            std::find_if(guest.disks().begin(), guest.disks().end(),
                         [&](const guest::Disk& d) { return d.ref == at.substr(0, slash); });
        if (!number || *number > (std::uint64_t{1} << 40U))
            throw bad();
        if (disk == guest.disks().end())
            throw Error(Errc::not_found,
                        fmt::format("there is no disk {}", text::quoted(at.substr(0, slash))));
        range.disk = static_cast<std::size_t>(disk - guest.disks().begin());
        range.offset = *number * chunk_size;
        range.length = chunk_size;
        return range;
    }
    if (guest.disks().size() != 1)
        throw Error(Errc::ambiguous, fmt::format("there are {} disks", guest.disks().size()),
                    "choose one with --disk N");
    const std::size_t comma = std::min(at.find(','), at.size());
    const auto offset = text::parse_size(at.substr(0, comma));
    const auto length = comma < at.size() ? text::parse_size(at.substr(comma + 1))
                                          : std::optional<std::uint64_t>(1);
    if (!offset || !length || *length == 0)
        throw bad();
    range.offset = *offset;
    range.length = *length;
    return range;
}

/// The parts of the range that lie on a volume, as offsets of the volume.
std::vector<block::Extent> on_volume(const guest::Volume& volume, const block::BlockDevice* disk,
                                     const guest::Guest& guest, const Range& range)
{
    std::vector<block::Extent> parts;
    if (!volume.device)
        return parts;
    std::uint64_t base = 0;
    for (const block::Segment& s : volume.device->locate(0, volume.device->size())) {
        // A logical volume lies on partitions, these on disks.
        std::vector<std::pair<std::uint64_t, block::Segment>> pieces;
        if (s.device == disk)
            pieces.emplace_back(base, s);
        else
            for (const guest::Volume& under : guest.volumes())
                if (under.device.get() == s.device) {
                    std::uint64_t at = base;
                    for (const block::Segment& p : under.device->locate(s.offset, s.length)) {
                        if (p.device == disk)
                            pieces.emplace_back(at, p);
                        at += p.length;
                    }
                }
        for (const auto& [at, piece] : pieces) {
            const std::uint64_t from = std::max(piece.offset, range.offset);
            const std::uint64_t to =
                std::min(piece.offset + piece.length, range.offset + range.length);
            if (from < to)
                parts.push_back({at + (from - piece.offset), to - from, false});
        }
        base += s.length;
    }
    return parts;
}

class Search {
  public:
    Search(guest::Guest& guest, cli::Context& context) : guest_(guest), context_(context)
    {
        json_ = context.shared.format == cli::Format::json;
        if (!json_ && context.shared.format != cli::Format::jsonl)
            table_.emplace(context, std::vector<cli::Column>{{"path"}, {"bytes", true}});
    }

    void volume(std::size_t number, std::vector<block::Extent> parts)
    {
        parts_ = std::move(parts);
        const guest::Volume& v = guest_.volumes()[number];
        try {
            guest_.filesystem(number);
        } catch (const Error& error) {
            found(v.name + ":", total());
            context_.warning(error.what());
            return;
        }
        const std::size_t before = rows_;
        folder(guest_.find(v.name + ":/"), 0);
        if (rows_ == before)
            context_.note(fmt::format(
                "{}: no file lies there: free space, or the filesystem's own tables", v.name));
    }

    void finish()
    {
        if (table_)
            table_->finish();
        else if (json_)
            context_.write_json({{"schema", "xva-ls.at/1"}, {"items", std::move(items_)}});
    }

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] std::size_t damaged() const { return damaged_; }

  private:
    [[nodiscard]] std::uint64_t total() const
    {
        std::uint64_t sum = 0;
        for (const block::Extent& part : parts_)
            sum += part.length;
        return sum;
    }

    void found(const std::string& path, std::uint64_t bytes)
    {
        ++rows_;
        if (table_)
            return table_->row({path, fmt::format("{}", bytes)});
        ordered_json item{{"path", path}, {"bytes", bytes}};
        if (json_)
            items_.push_back(std::move(item));
        else
            context_.write_json(item);
    }

    void look_at(const guest::Place& place)
    {
        std::uint64_t bytes = 0;
        for (const block::Extent& extent : guest_.filesystem(place.volume).map(place.node))
            for (const block::Extent& part : parts_) {
                const std::uint64_t from = std::max(extent.offset, part.offset);
                const std::uint64_t to =
                    std::min(extent.offset + extent.length, part.offset + part.length);
                bytes += from < to ? to - from : 0;
            }
        if (bytes > 0)
            found(place.path, bytes);
    }

    void folder(const guest::Place& place, unsigned depth)
    {
        if (context_.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        if (depth > 200 || !seen_.insert({place.volume, place.node}).second)
            return;
        try {
            look_at(place);
            for (const guest::Place& child : guest_.children(place)) {
                if (child.type == fs::FileType::directory)
                    folder(child, depth + 1);
                else
                    look_at(child);
            }
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted)
                throw;
            ++damaged_;
            context_.warning(fmt::format("{}: {}", place.path, error.what()));
        }
    }

    guest::Guest& guest_;
    cli::Context& context_;
    bool json_ = false;
    std::optional<cli::Table> table_;
    ordered_json items_ = ordered_json::array();
    std::vector<block::Extent> parts_;
    std::set<std::pair<std::size_t, fs::NodeId>> seen_;
    std::size_t rows_ = 0;
    std::size_t damaged_ = 0;
};

} // namespace

std::size_t print_owners(const Options& options, guest::Guest& guest, cli::Context& context)
{
    const Range range = parse_range(options.at, guest);
    const block::BlockDevice* disk = guest.disks().at(range.disk).device;
    if (range.offset >= disk->size())
        throw Error(Errc::not_found, "the range lies behind the end of the disk");
    Search search(guest, context);
    bool on_any = false;
    for (std::size_t i = 0; i < guest.volumes().size(); ++i) {
        const guest::Volume& v = guest.volumes()[i];
        auto parts = on_volume(v, disk, guest, range);
        if (parts.empty() || v.content.fs == "lvm2")
            continue;
        on_any = true;
        search.volume(i, std::move(parts));
    }
    search.finish();
    if (!on_any)
        context.note("no volume lies there: the partition table, or space between partitions");
    return search.damaged();
}

} // namespace xva_ls
