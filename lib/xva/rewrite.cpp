// SPDX-License-Identifier: GPL-3.0-or-later
#include "changes.hpp"
#include "passage.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/tar/header_block.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace xenlab::xva {
namespace {

constexpr std::size_t read_ahead = 1U << 16U;
constexpr std::size_t piece_size = 256U << 10U;

/// How the archive's chunks are sealed, as far as it was seen.
enum class Seal { unknown, none, sha1, xxh64 };

class Filter {
  public:
    Filter(std::unique_ptr<io::ByteSource> archive, std::span<const DiskEdit> edits,
           io::ByteSink& out)
        : changes_(edits), out_(out), passage_(std::move(archive), out, 2 * read_ahead),
          walker_(passage_, read_ahead), buffer_(piece_size)
    {
    }

    void run(const std::function<void(std::uint64_t)>& progress)
    {
        while (const auto entry = walker_.next()) {
            passage_.pass_until(entry->header_offset);
            take(*entry);
            if (progress)
                progress(passage_.position());
        }
        check_complete(walker_, changes_);
        walker_.tar().trailing_garbage(); // reads on to the end
        passage_.pass_until(walker_.tar().offset());
        out_.finish();
    }

  private:
    void take(const Entry& entry)
    {
        refuse_table(entry);
        check_placed(entry);
        if (entry.member.kind == MemberKind::checksum) {
            seal_ = entry.member.hash == io::HashKind::sha1 ? Seal::sha1 : Seal::xxh64;
            if (changed_)
                replace_checksum(entry);
        } else if (after_chunk_) {
            seal_ = Seal::none;
        }
        changed_.reset();
        after_chunk_ = entry.member.kind == MemberKind::chunk;
        if (!after_chunk_)
            return;
        fill_hole(entry);
        if (!changes_.in(*entry.disk, entry.placed->offset, entry.length).empty())
            replace_content(entry);
        next_number_[*entry.disk] = entry.member.number + 1;
    }

    void replace_checksum(const Entry& entry)
    {
        const std::string text = new_checksum(entry, walker_, *changed_);
        passage_.pass_until(entry.header_offset + tar::block_size);
        passage_.drop_until(entry.header_offset + tar::block_size + text.size());
        out_.write(text);
    }

    void replace_content(const Entry& entry)
    {
        const std::uint64_t content = entry.header_offset + tar::block_size;
        passage_.pass_until(content);
        BothHashes before;
        BothHashes after;
        for (std::uint64_t done = 0; done < entry.length;) {
            const std::size_t n = walker_.read(buffer_);
            const auto piece = std::span(buffer_).first(n);
            before.update(piece);
            changes_.apply(*entry.disk, entry.placed->offset + done, piece);
            after.update(piece);
            out_.write(piece);
            done += n;
            passage_.drop_until(content + done);
        }
        changed_ =
            ChangedChunk{.name = entry.name, .before = before.finish(), .after = after.finish()};
    }

    /// Chunks for what was written into the hole in front of the entry.
    void fill_hole(const Entry& entry)
    {
        const std::uint64_t hole = entry.placed->hole;
        const std::uint64_t begin = entry.placed->offset - hole;
        const auto changed = changes_.in(*entry.disk, begin, hole);
        if (changed.empty())
            return;
        const std::uint64_t first = next_number_[*entry.disk];
        const std::uint64_t unit = hole / (entry.member.number - first);
        std::uint64_t next = 0; // chunk of the hole that was not looked at yet
        for (const block::Extent& extent : changed) {
            const std::uint64_t last = (extent.offset + extent.length - 1 - begin) / unit;
            for (next = std::max(next, (extent.offset - begin) / unit); next <= last; ++next)
                if (changes_.any_data(*entry.disk, begin + next * unit, unit))
                    add_chunk(entry, first + next, begin + next * unit, unit);
        }
    }

    void add_chunk(const Entry& like, std::uint64_t number, std::uint64_t offset,
                   std::uint64_t length)
    {
        if (seal_ == Seal::unknown)
            throw Error(Errc::bad_data, "the archive does not begin with the first chunk of a disk",
                        "xva-verify tells more");
        const auto style = passage_.held(like.header_offset, tar::block_size);
        const std::string& digits = like.member.digits;
        const std::string name = like.name.substr(0, like.name.size() - digits.size()) +
                                 fmt::format("{:0{}}", number, digits.size());
        out_.write(tar::header_like(style, name, length));
        BothHashes hashes;
        for (std::uint64_t done = 0; done < length;) {
            const auto piece = std::span(buffer_).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(length - done, buffer_.size())));
            std::fill(piece.begin(), piece.end(), std::byte{0});
            changes_.apply(*like.disk, offset + done, piece);
            hashes.update(piece);
            out_.write(piece);
            done += piece.size();
        }
        pad(length);
        if (seal_ == Seal::none)
            return;
        const bool sha1 = seal_ == Seal::sha1;
        const auto texts = hashes.finish();
        const std::string& text = sha1 ? texts.sha1 : texts.xxh64;
        out_.write(tar::header_like(style, name + (sha1 ? ".checksum" : ".xxhash"), text.size()));
        out_.write(text);
        pad(text.size());
    }

    void pad(std::uint64_t length)
    {
        static constexpr std::array<std::byte, tar::block_size> zeros{};
        out_.write(std::span(zeros).first(static_cast<std::size_t>(tar::padding(length))));
    }

    Changes changes_;
    io::ByteSink& out_;
    Passage passage_;
    Walker walker_;
    std::vector<std::byte> buffer_;
    std::map<std::size_t, std::uint64_t> next_number_; ///< by disk
    std::optional<ChangedChunk> changed_;              ///< whose checksum comes next
    bool after_chunk_ = false;
    Seal seal_ = Seal::unknown;
};

} // namespace

void rewrite(std::unique_ptr<io::ByteSource> archive, std::span<const DiskEdit> edits,
             io::ByteSink& out, const std::function<void(std::uint64_t)>& progress)
{
    Filter(std::move(archive), edits, out).run(progress);
}

} // namespace xenlab::xva
