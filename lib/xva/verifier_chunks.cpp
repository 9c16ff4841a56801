// SPDX-License-Identifier: GPL-3.0-or-later
// The verifier's view of disks: chunks, their order and completeness, and the final table.
#include "verifier.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/xmlrpc/slicer.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::xva {

void Verifier::on_chunk(const Entry& entry)
{
    without_checksum();
    reported_ = true; // unless it is read below
    if (!entry.disk) {
        report(ProblemKind::order,
               fmt::format("{} belongs to no disk described in ova.xml", text::quoted(entry.name)),
               entry);
        return;
    }
    if (report_.disks.size() < walker_.metadata().disks.size()) { // the disk of a tar of one VDI
        report_.is_vdi_tar = true;
        report_.disks.push_back({.disk = walker_.metadata().disks.back()});
        disks_.resize(1);
    }
    check_place(entry);
    if (!entry.placed || stopped())
        return;
    current_disk_ = *entry.disk;
    if (entry.placed->hole > 0 && events_.hole)
        events_.hole(*entry.disk, entry.placed->offset - entry.placed->hole, entry.placed->hole);
    read_chunk(entry);
    if (events_.progress)
        events_.progress(position());
}

void Verifier::check_place(const Entry& entry)
{
    DiskState& state = disks_[*entry.disk];
    const Disk& disk = report_.disks[*entry.disk].disk;
    if (*entry.disk < current_disk_ || (*entry.disk != current_disk_ && state.started))
        report(ProblemKind::order,
               fmt::format("{} comes after chunks of {}: disks are not in the order of their names",
                           text::printable(entry.name),
                           text::printable(report_.disks[current_disk_].disk.ref)),
               entry);
    if (state.started && entry.member.digits <= state.last_digits) {
        report(ProblemKind::order,
               fmt::format("{} comes after {}: chunk numbers must grow",
                           text::printable(entry.name), state.last_digits),
               entry);
        return;
    }
    if (!entry.placed) {
        report(ProblemKind::order,
               fmt::format("{} has an impossible number", text::printable(entry.name)), entry);
        return;
    }
    if (!state.started && (entry.member.number != 0 || entry.length == 0))
        report(ProblemKind::missing_chunk,
               fmt::format("the first chunk of {} is missing", text::printable(disk.ref)), entry);
    const std::uint64_t end = entry.placed->offset + entry.length;
    if (disk.size_known && end > disk.virtual_size)
        report(ProblemKind::incomplete,
               fmt::format("{} reaches byte {}, beyond the end of the disk of {} bytes",
                           text::printable(entry.name), end, disk.virtual_size),
               entry);
    state.started = true;
    state.last_digits = entry.member.digits;
}

void Verifier::read_entry(std::span<std::byte> buffer)
{
    while (!buffer.empty()) // read() throws when the archive ends inside the entry
        buffer = buffer.subspan(walker_.read(buffer));
}

void Verifier::read_chunk(const Entry& entry)
{
    Unchecked chunk;
    chunk.check = {.disk = *entry.disk,
                   .chunk = entry.name,
                   .offset = entry.placed->offset,
                   .length = entry.length,
                   .archive_offset = entry.header_offset};
    chunk.digits = entry.member.digits;
    if (entry.length <= chunk_size) {
        // Never empty, not even for a keep-alive entry: that would mean a chunk too large to keep.
        chunk.buffer = hashes_.take_buffer(std::max<std::size_t>(1, entry.length));
        read_small_chunk(entry,
                         std::span(chunk.buffer).first(static_cast<std::size_t>(entry.length)));
    } else {
        read_large_chunk(entry, chunk);
    }
    if (entry.length > 0)
        ++report_.disks[*entry.disk].chunks;
    unchecked_ = std::move(chunk);
    reported_ = false;
}

/// What is handed on is handed on while it is still in the processor's cache: whole chunks of 1 MiB
/// cost half as much again.
void Verifier::read_small_chunk(const Entry& entry, std::span<std::byte> buffer)
{
    constexpr std::size_t cached = 256U << 10U;
    for (std::uint64_t at = entry.placed->offset; !buffer.empty();) {
        const auto piece =
            buffer.first(events_.data ? std::min(cached, buffer.size()) : buffer.size());
        read_entry(piece);
        if (events_.data)
            events_.data(*entry.disk, at, piece);
        at += piece.size();
        buffer = buffer.subspan(piece.size());
    }
}

/// No known writer makes chunks over 1 MiB, yet an importer takes them: hashed both ways on the
/// way, so that memory stays bounded.
void Verifier::read_large_chunk(const Entry& entry, Unchecked& chunk)
{
    HashQueue::Buffer buffer = hashes_.take_buffer(chunk_size);
    io::Hasher sha1(io::HashKind::sha1);
    io::Hasher xxh64(io::HashKind::xxh64);
    std::uint64_t at = entry.placed->offset;
    while (walker_.tar().remaining() > 0) {
        const auto data = std::span<const std::byte>(buffer).first(walker_.read(buffer));
        sha1.update(data);
        xxh64.update(data);
        if (events_.data)
            events_.data(*entry.disk, at, data);
        at += data.size();
    }
    hashes_.give_back(std::move(buffer));
    chunk.sha1 = sha1.finish();
    chunk.xxh64 = xxh64.finish();
}

/// checksum.xml of export_vsn 0 and 1: an XML-RPC struct of chunk name -> SHA-1.
void Verifier::on_table(const Entry& entry)
{
    without_checksum();
    hashes_.drain();
    seen_table_ = true;
    std::size_t wrong = 0;
    std::string first_wrong;
    xmlrpc::Slicer slicer(
        [&](std::string_view member, std::string_view, const xmlrpc::Value& value) {
            const auto found = for_table_.find(std::string(member));
            if (found == for_table_.end())
                return; // a chunk of zeros that was not kept, or another table
            if (found->second != value.as_scalar().value_or("") && wrong++ == 0)
                first_wrong = member;
            for_table_.erase(found);
        });
    std::vector<std::byte> buffer(1U << 16U);
    while (walker_.tar().remaining() > 0) {
        const std::size_t n = walker_.read(buffer);
        slicer.feed({reinterpret_cast<const char*>(buffer.data()), n}); // NOLINT: bytes as text
    }
    slicer.finish();
    if (wrong > 0)
        report(ProblemKind::checksum,
               fmt::format("{} disagrees with the checksum table at the end{}",
                           text::printable(first_wrong),
                           wrong > 1 ? fmt::format(", and so do {} more", wrong - 1) : ""),
               entry);
    else if (!for_table_.empty())
        report(ProblemKind::checksum,
               fmt::format("{} is not in the checksum table at the end",
                           text::printable(for_table_.begin()->first)),
               entry);
}

/// An archive that stops between two entries, with data still to come, was cut off there.
void Verifier::check_cut()
{
    if (cut_off_ || !any_entry_ || walker_.tar().ending() != tar::Ending::missing)
        return;
    const std::uint64_t at = walker_.tar().offset();
    Problem problem{.kind = ProblemKind::truncated,
                    .message = fmt::format("the archive is cut off at byte {}", at),
                    .archive_offset = at};
    if (unchecked_ && !checksums_in_table()) {
        const ChunkCheck check = give_up_checking();
        problem.message +=
            fmt::format(", in front of the checksum of {}", text::printable(check.chunk));
        problem.disk = check.disk;
        problem.chunk = check.chunk;
        problem.offset = check.offset;
        problem.length = check.length;
    } else {
        std::size_t i = 0;
        while (i < disks_.size() && is_complete(i))
            ++i;
        if (i == disks_.size())
            return; // only the end blocks are missing
        const Disk& disk = report_.disks[i].disk;
        const std::uint64_t end = walker_.end_of(i);
        problem.disk = i;
        problem.offset = end;
        problem.length = disk.virtual_size - end;
        problem.message += fmt::format(": the data of {} ends at byte {} of {}",
                                       text::printable(disk.ref), end, disk.virtual_size);
    }
    cut_off_ = true;
    report(std::move(problem));
}

bool Verifier::is_complete(std::size_t disk) const
{
    const Disk& d = report_.disks[disk].disk;
    return !d.size_known || walker_.end_of(disk) >= d.virtual_size;
}

void Verifier::finish()
{
    check_cut();
    without_checksum();
    hashes_.drain();
    if (first_without_checksum_ && !seen_table_)
        report({.kind = ProblemKind::checksum,
                .message = fmt::format("{} has no checksum, and there is no table of checksums",
                                       text::printable(first_without_checksum_->chunk)),
                .disk = first_without_checksum_->disk,
                .chunk = first_without_checksum_->chunk,
                .offset = first_without_checksum_->offset,
                .length = first_without_checksum_->length,
                .archive_offset = first_without_checksum_->archive_offset});
    if (any_entry_ && !walker_.has_metadata() && !report_.is_vdi_tar && !stopped())
        report(
            {.kind = ProblemKind::not_xva, .message = "not an XVA: a tar archive without ova.xml"});
    if (!stopped() && !cut_off_)
        check_disks();
    if (!stopped() && any_entry_)
        check_ending();
}

void Verifier::check_disks()
{
    const auto& disks = report_.disks;
    const bool no_data =
        std::none_of(disks_.begin(), disks_.end(), [](const DiskState& d) { return d.started; });
    if (!disks.empty() && no_data && walker_.tar().ending() == tar::Ending::blocks) {
        report({.kind = ProblemKind::incomplete,
                .message = fmt::format("a metadata-only archive: it describes {} disk{} and holds "
                                       "the data of none",
                                       disks.size(), disks.size() == 1 ? "" : "s")});
        return;
    }
    for (std::size_t i = 0; i < disks.size() && !stopped(); ++i) {
        if (is_complete(i))
            continue;
        const Disk& disk = disks[i].disk;
        const std::uint64_t end = walker_.end_of(i);
        const std::string ref = text::printable(disk.ref);
        report({.kind = disks_[i].started ? ProblemKind::missing_chunk : ProblemKind::incomplete,
                .message =
                    disks_[i].started
                        ? fmt::format("the last chunk of {} is missing: its data ends at "
                                      "byte {} of {}",
                                      ref, end, disk.virtual_size)
                        : fmt::format("there is no data of {} ({} bytes)", ref, disk.virtual_size),
                .disk = i,
                .offset = end,
                .length = disk.virtual_size - end,
                .archive_offset = walker_.tar().header_offset()});
    }
}

void Verifier::check_ending()
{
    const tar::Ending ending = walker_.tar().ending();
    if (ending != tar::Ending::blocks && !cut_off_)
        report({.kind = ProblemKind::truncated,
                .message = fmt::format("the archive has no end: its two closing zero blocks are "
                                       "{}, at byte {}",
                                       ending == tar::Ending::missing ? "missing" : "incomplete",
                                       walker_.tar().header_offset()),
                .archive_offset = walker_.tar().header_offset(),
                .host_refuses = false});
    if (stopped())
        return;
    const std::uint64_t end = walker_.tar().offset();
    if (const auto garbage = walker_.tar().trailing_garbage())
        report({.kind = ProblemKind::trailing,
                .message = fmt::format("there is other data at byte {}, after the end of the "
                                       "archive at byte {}",
                                       *garbage, end),
                .archive_offset = *garbage,
                .host_refuses = false});
}

} // namespace xenlab::xva
