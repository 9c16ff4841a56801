// SPDX-License-Identifier: GPL-3.0-or-later
#include "changes.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

namespace xenlab::xva {
namespace {

class Planner {
  public:
    Planner(io::FdSource& file, std::span<const DiskEdit> edits)
        : changes_(edits), walker_(file, 4 * tar::block_size), buffer_(256U << 10U)
    {
    }

    std::vector<Patch> run()
    {
        while (const auto entry = walker_.next())
            take(*entry);
        check_complete(walker_, changes_);
        return std::move(patches_);
    }

  private:
    void take(const Entry& entry)
    {
        refuse_table(entry);
        check_placed(entry);
        const std::uint64_t content = entry.header_offset + tar::block_size;
        if (entry.member.kind == MemberKind::checksum && changed_) {
            std::string text = new_checksum(entry, walker_, *changed_);
            patches_.push_back(
                {.file_offset = content, .length = text.size(), .text = std::move(text)});
        }
        changed_.reset();
        if (entry.member.kind != MemberKind::chunk)
            return;
        refuse_in_hole(entry);
        const auto extents = changes_.in(*entry.disk, entry.placed->offset, entry.length);
        if (extents.empty())
            return;
        hash(entry);
        for (const block::Extent& extent : extents)
            patches_.push_back({.file_offset = content + (extent.offset - entry.placed->offset),
                                .length = extent.length,
                                .edit = changes_.edit_of(*entry.disk),
                                .disk_offset = extent.offset});
    }

    void refuse_in_hole(const Entry& entry) const
    {
        const std::uint64_t begin = entry.placed->offset - entry.placed->hole;
        if (changes_.any_data(*entry.disk, begin, entry.placed->hole))
            throw Error(Errc::precondition,
                        fmt::format("data was written where disk {} has a hole, and the archive "
                                    "has no place for that",
                                    text::printable(entry.member.prefix)),
                        "write a new archive with -o");
    }

    void hash(const Entry& entry)
    {
        BothHashes before;
        BothHashes after;
        for (std::uint64_t done = 0; done < entry.length;) {
            const std::size_t n = walker_.read(buffer_);
            const auto piece = std::span(buffer_).first(n);
            before.update(piece);
            changes_.apply(*entry.disk, entry.placed->offset + done, piece);
            after.update(piece);
            done += n;
        }
        changed_ =
            ChangedChunk{.name = entry.name, .before = before.finish(), .after = after.finish()};
    }

    Changes changes_;
    Walker walker_;
    std::vector<std::byte> buffer_;
    std::optional<ChangedChunk> changed_;
    std::vector<Patch> patches_;
};

} // namespace

std::vector<Patch> plan_patches(io::FdSource& file, std::span<const DiskEdit> edits)
{
    return Planner(file, edits).run();
}

} // namespace xenlab::xva
