// SPDX-License-Identifier: GPL-3.0-or-later
#include "changes.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/block/disk_sink.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::xva {

Changes::Changes(std::span<const DiskEdit> edits)
{
    for (const DiskEdit& edit : edits) {
        edits_.push_back({.overlay = edit.overlay, .dirty = edit.overlay->dirty()});
        disks_.push_back(edit.disk);
    }
}

std::size_t Changes::edit_of(std::size_t disk) const
{
    return static_cast<std::size_t>(std::find(disks_.begin(), disks_.end(), disk) - disks_.begin());
}

std::vector<block::Extent> Changes::in(std::size_t disk, std::uint64_t offset,
                                       std::uint64_t length) const
{
    std::vector<block::Extent> found;
    const std::size_t edit = edit_of(disk);
    if (edit == edits_.size() || length == 0)
        return found;
    const auto& dirty = edits_[edit].dirty;
    auto at = std::upper_bound(
        dirty.begin(), dirty.end(), offset,
        [](std::uint64_t place, const block::Extent& e) { return place < e.offset + e.length; });
    for (; at != dirty.end() && at->offset < offset + length; ++at) {
        const std::uint64_t begin = std::max(offset, at->offset);
        const std::uint64_t end = std::min(offset + length, at->offset + at->length);
        found.push_back({.offset = begin, .length = end - begin});
    }
    return found;
}

bool Changes::any_data(std::size_t disk, std::uint64_t offset, std::uint64_t length) const
{
    std::vector<std::byte> piece;
    for (const block::Extent& extent : in(disk, offset, length))
        for (std::uint64_t done = 0; done < extent.length; done += piece.size()) {
            piece.resize(std::min<std::uint64_t>(extent.length - done, 1U << 16U));
            edits_[edit_of(disk)].overlay->read(extent.offset + done, piece);
            if (!block::is_zero(piece))
                return true;
        }
    return false;
}

void Changes::apply(std::size_t disk, std::uint64_t offset, std::span<std::byte> bytes) const
{
    for (const block::Extent& extent : in(disk, offset, bytes.size()))
        edits_[edit_of(disk)].overlay->read(
            extent.offset, bytes.subspan(static_cast<std::size_t>(extent.offset - offset),
                                         static_cast<std::size_t>(extent.length)));
}

void BothHashes::update(std::span<const std::byte> data)
{
    sha1_.update(data);
    xxh64_.update(data);
}

BothHashes::Texts BothHashes::finish()
{
    return {.sha1 = sha1_.finish(), .xxh64 = xxh64_.finish()};
}

std::string new_checksum(const Entry& entry, Walker& walker, const ChangedChunk& chunk)
{
    const std::string& before = chunk.before.of(entry.member.hash);
    std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(entry.length, 64)), '\0');
    auto rest = std::as_writable_bytes(std::span(text));
    while (!rest.empty())
        rest = rest.subspan(walker.read(rest));
    if (entry.length != before.size() || text::to_lower(text) != text::to_lower(before))
        throw Error(Errc::bad_data,
                    fmt::format("{} is damaged: its checksum does not match, and a change would "
                                "hide that",
                                text::printable(chunk.name)),
                    "xva-verify tells more");
    return chunk.after.of(entry.member.hash);
}

void check_placed(const Entry& entry)
{
    if (entry.member.kind == MemberKind::chunk && (!entry.disk || !entry.placed))
        throw Error(Errc::bad_data,
                    fmt::format("{} does not belong where it is", text::quoted(entry.name)),
                    "xva-verify tells more");
}

void check_complete(const Walker& walker, const Changes& changes)
{
    for (const std::size_t disk : changes.disks()) {
        const Disk& info = walker.metadata().disks.at(disk);
        if (info.size_known && walker.end_of(disk) != info.virtual_size)
            throw Error(Errc::bad_data,
                        fmt::format("the archive is incomplete: disk {} has {} bytes and {} of "
                                    "them are there",
                                    text::printable(info.ref), info.virtual_size,
                                    walker.end_of(disk)),
                        "xva-verify tells more");
    }
}

void refuse_table(const Entry& entry)
{
    if (entry.member.kind == MemberKind::table)
        throw Error(Errc::precondition,
                    "the archive has a table of all checksums at its end (export_vsn 0 or 1), "
                    "which changes would make stale",
                    "extract its disks and pack them anew with xva-disk --pack");
}

} // namespace xenlab::xva
