// SPDX-License-Identifier: GPL-3.0-or-later
#include "verifier.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xenlab::xva {

Verifier::Verifier(std::unique_ptr<io::ByteSource> source, const VerifyOptions& options,
                   const VerifyEvents& events)
    : source_(std::move(source)), options_(options), events_(events), walker_(source_),
      hashes_(
          std::max(1U, options.hash_threads),
          [this](const ChunkCheck& check, const std::string& computed) { hashed(check, computed); })
{
}

// ---- reporting

void Verifier::report(Problem problem)
{
    if (problem.kind != ProblemKind::checksum)
        hashes_.drain(); // keeps the order of the archive
    if (stopped())
        return;
    if (report_.problems.size() >= max_problems) {
        ++report_.more_problems;
        return;
    }
    if (events_.problem)
        events_.problem(problem);
    report_.problems.push_back(std::move(problem));
}

void Verifier::report(ProblemKind kind, std::string message, const Entry& entry)
{
    Problem problem{.kind = kind, .message = std::move(message), .disk = entry.disk};
    problem.chunk = entry.name;
    problem.archive_offset = entry.header_offset;
    if (entry.placed) {
        problem.offset = entry.placed->offset;
        problem.length = entry.length;
    }
    report(std::move(problem));
}

void Verifier::refuse(std::string why)
{
    auto& all = report_.refusals;
    if (all.size() < 100 && std::find(all.begin(), all.end(), why) == all.end())
        all.push_back(std::move(why));
}

std::uint64_t Verifier::position() const
{
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < current_disk_ && i < report_.disks.size(); ++i)
        sum += report_.disks[i].disk.virtual_size;
    return current_disk_ < report_.disks.size() ? sum + walker_.end_of(current_disk_) : sum;
}

// ---- the archive, entry by entry

Report Verifier::run()
{
    try {
        if (look_at_start())
            walk();
        if (!stopped())
            finish();
    } catch (const io::StreamError& error) {
        hashes_.drain(); // what was found earlier comes first, whatever the number of threads
        cut_off_ = error.damage() == io::Damage::truncated;
        if (cut_off_ && !any_entry_ && walker_.tar().offset() == 0)
            report({.kind = ProblemKind::truncated, .message = error.what()});
        else
            report({.kind = cut_off_                                 ? ProblemKind::truncated
                            : error.damage() == io::Damage::trailing ? ProblemKind::trailing
                                                                     : ProblemKind::checksum,
                    .message = error.what(),
                    .archive_offset = walker_.tar().offset(),
                    .host_refuses = error.damage() != io::Damage::trailing});
    }
    hashes_.drain();
    report_.archive_bytes = walker_.tar().offset();
    report_.metadata = walker_.metadata();
    for (std::size_t i = 0; i < report_.disks.size(); ++i)
        report_.disks[i].end = walker_.end_of(i);
    return std::move(report_);
}

bool Verifier::look_at_start()
{
    const auto head = source_.peek(4096);
    const std::string foreign = describe_foreign(head);
    if (foreign.empty() && head.size() >= tar::block_size &&
        tar::parse_header(head.first(tar::block_size)))
        return true;
    const bool header_cut = foreign.empty() && head.size() < tar::block_size;
    report({.kind = ProblemKind::not_xva,
            .message = foreign.empty() ? std::string(header_cut ? "not an XVA: too short"
                                                                : "not an XVA: unknown content")
                                       : "not an XVA: " + foreign});
    return false;
}

void Verifier::walk()
{
    while (!stopped()) {
        try {
            const auto entry = walker_.next();
            if (!entry)
                return;
            handle(*entry);
            any_entry_ = true;
        } catch (const tar::HeaderError& error) {
            after_bad_header(error);
            if (stopped() || walker_.tar().ending() != tar::Ending::open)
                return;
        } catch (const io::StreamError&) {
            throw;
        } catch (const Error& error) {
            if (error.code() != Errc::bad_data)
                throw;
            report({.kind = ProblemKind::bad_header,
                    .message = error.what(),
                    .archive_offset = walker_.tar().header_offset()});
            if (!walker_.has_metadata())
                return; // without it no chunk can be placed
        }
    }
}

void Verifier::after_bad_header(const tar::HeaderError& error)
{
    Problem problem{
        .kind = ProblemKind::bad_header, .message = error.what(), .archive_offset = error.offset()};
    if (!disks_.empty()) { // what was to come next
        problem.disk = current_disk_;
        problem.offset = walker_.end_of(current_disk_);
    }
    if (unchecked_ && !checksums_in_table()) {
        const ChunkCheck check = give_up_checking();
        problem.message +=
            fmt::format(", where the checksum of {} should be", text::printable(check.chunk));
        problem.chunk = check.chunk;
        problem.offset = check.offset;
        problem.length = check.length;
    }
    without_checksum();
    report(std::move(problem));
    reported_ = true;
    if (stopped())
        return;
    const bool found = walker_.tar().resync([this](const tar::Header& header) {
        const Member member = parse_member(header.name, header.type);
        return member.kind == MemberKind::chunk &&
               std::any_of(report_.disks.begin(), report_.disks.end(),
                           [&](const DiskReport& d) { return d.disk.ref == member.prefix; });
    });
    cut_off_ = cut_off_ || !found;
}

void Verifier::handle(const Entry& entry)
{
    if (entry.member.dotted)
        refuse("entry names start with \"./\"");
    switch (entry.member.kind) {
    case MemberKind::metadata:
        on_metadata(entry);
        break;
    case MemberKind::chunk:
        on_chunk(entry);
        break;
    case MemberKind::checksum:
        on_checksum(entry);
        break;
    case MemberKind::table:
        on_table(entry);
        break;
    case MemberKind::directory:
        refuse("the archive holds directory entries");
        break;
    case MemberKind::foreign:
        without_checksum();
        report(ProblemKind::order,
               fmt::format("{} does not belong into an XVA", text::quoted(entry.name)), entry);
        break;
    }
}

void Verifier::on_metadata(const Entry& entry)
{
    if (seen_metadata_ || report_.is_vdi_tar) {
        report(ProblemKind::order,
               report_.is_vdi_tar ? "ova.xml comes after chunks" : "a second ova.xml", entry);
        return;
    }
    seen_metadata_ = true;
    if (any_entry_)
        refuse("ova.xml is not the first entry");
    for (const Disk& disk : walker_.metadata().disks)
        report_.disks.push_back({.disk = disk});
    disks_.resize(report_.disks.size());
    if (events_.metadata)
        events_.metadata(walker_.metadata());
}

void Verifier::on_checksum(const Entry& entry)
{
    const bool fits = unchecked_ && unchecked_->check.disk == entry.disk &&
                      unchecked_->digits == entry.member.digits && entry.disk;
    const bool reported = std::exchange(reported_, false);
    if (!fits && reported)
        return; // its chunk could not be read, which has been said
    if (!fits) {
        without_checksum();
        report(ProblemKind::order,
               fmt::format("{} does not follow its chunk", text::quoted(entry.name)), entry);
        return;
    }
    static constexpr std::uint64_t longest = 64;
    std::string text(static_cast<std::size_t>(std::min(entry.length, longest)), '\0');
    read_entry(std::as_writable_bytes(std::span(text)));
    Unchecked chunk = std::move(*unchecked_);
    unchecked_.reset();
    chunk.check.kind = entry.member.hash;
    chunk.check.expected = entry.length == 0 ? "(nothing)" : text;
    if (chunk.buffer.empty())
        hashes_.submit(std::move(chunk.check),
                       entry.member.hash == io::HashKind::sha1 ? chunk.sha1 : chunk.xxh64);
    else
        hashes_.submit(std::move(chunk.check), std::move(chunk.buffer));
}

/// Chunks of export_vsn 0 have no checksums of their own.
bool Verifier::checksums_in_table() const
{
    return walker_.has_metadata() && walker_.metadata().export_version() == 0;
}

/// The chunk at hand turns out to have no checksum behind it.
void Verifier::without_checksum()
{
    if (!unchecked_)
        return;
    if (checksums_in_table()) {
        // Rio beta: all checksums stand in a table at the end.
        Unchecked chunk = std::move(*unchecked_);
        unchecked_.reset();
        if (!first_without_checksum_)
            first_without_checksum_ = chunk.check;
        refuse("chunks without checksum entries (export_vsn 0)");
        chunk.check.kind = io::HashKind::sha1;
        if (chunk.buffer.empty())
            hashes_.submit(std::move(chunk.check), chunk.sha1);
        else
            hashes_.submit(std::move(chunk.check), std::move(chunk.buffer));
        return;
    }
    const ChunkCheck check = give_up_checking();
    hashes_.drain();
    report({.kind = ProblemKind::checksum,
            .message = fmt::format("{} has no checksum", text::printable(check.chunk)),
            .disk = check.disk,
            .chunk = check.chunk,
            .offset = check.offset,
            .length = check.length,
            .archive_offset = check.archive_offset});
}

/// Returns the place of the chunk at hand, which nothing will be compared with.
ChunkCheck Verifier::give_up_checking()
{
    Unchecked chunk = std::move(*unchecked_);
    unchecked_.reset();
    if (!chunk.buffer.empty())
        hashes_.give_back(std::move(chunk.buffer));
    return std::move(chunk.check);
}

namespace {

std::string mismatch_words(const ChunkCheck& check, const std::string& computed)
{
    const std::string chunk = text::printable(check.chunk);
    const std::string_view name = check.kind == io::HashKind::sha1 ? "SHA-1" : "XXH64";
    if (text::to_lower(check.expected) == text::to_lower(computed))
        return fmt::format("the {} of {} is right but its letters have the wrong case, and a host "
                           "compares them exactly",
                           name, chunk);
    if (text::trim(check.expected) == computed)
        return fmt::format("the {} of {} is right but surrounded by white space, and a host "
                           "compares them exactly",
                           name, chunk);
    return fmt::format("{} is damaged: its {} is {}, the archive says {}", chunk, name, computed,
                       text::printable(check.expected));
}

} // namespace

void Verifier::hashed(const ChunkCheck& check, const std::string& computed)
{
    static constexpr std::size_t most_for_table = 200'000;
    if (walker_.has_metadata() && walker_.metadata().export_version() < 2 &&
        check.kind == io::HashKind::sha1 && for_table_.size() < most_for_table)
        for_table_[check.chunk] = computed;
    if (check.expected.empty() || check.expected == computed)
        return;
    report({.kind = ProblemKind::checksum,
            .message = mismatch_words(check, computed),
            .disk = check.disk,
            .chunk = check.chunk,
            .offset = check.offset,
            .length = check.length,
            .archive_offset = check.archive_offset});
}

std::string_view name_of(ProblemKind kind) noexcept
{
    switch (kind) {
    case ProblemKind::checksum:
        return "checksum";
    case ProblemKind::truncated:
        return "truncated";
    case ProblemKind::missing_chunk:
        return "missing-chunk";
    case ProblemKind::bad_header:
        return "bad-header";
    case ProblemKind::order:
        return "order";
    case ProblemKind::incomplete:
        return "incomplete";
    case ProblemKind::not_xva:
        return "not-xva";
    case ProblemKind::trailing:
        return "trailing";
    }
    return "not-xva";
}

bool Report::importable() const noexcept
{
    return !is_vdi_tar && refusals.empty() && metadata.missing_fields.empty() &&
           std::none_of(problems.begin(), problems.end(),
                        [](const Problem& p) { return p.host_refuses; });
}

Report verify(std::unique_ptr<io::ByteSource> source, const VerifyOptions& options,
              const VerifyEvents& events)
{
    return Verifier(std::move(source), options, events).run();
}

} // namespace xenlab::xva
