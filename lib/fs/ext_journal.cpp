// SPDX-License-Identifier: GPL-3.0-or-later
#include "ext_journal.hpp"

#include "ext_map.hpp"
#include "mapped_file.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/endian.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace xenlab::fs {
namespace {

using bytes::be16;
using bytes::be32;
using bytes::be64;

constexpr std::uint32_t journal_magic = 0xc03b3998;
enum BlockType : std::uint32_t { descriptor = 1, commit = 2, revoke = 5 };
constexpr std::uint32_t incompat_64bit = 0x2, incompat_csum_v2 = 0x8, incompat_csum_v3 = 0x10;
constexpr std::uint32_t known_incompat =
    0x1 | incompat_64bit | 0x4 | incompat_csum_v2 | incompat_csum_v3 | 0x20;
constexpr std::uint32_t tag_escaped = 1, tag_same_uuid = 2, tag_last = 8;

std::uint32_t crc32c(std::uint32_t seed, bytes::View data)
{
    return ext2fs_crc32c_le(seed, reinterpret_cast<const unsigned char*>(data.data()), // NOLINT
                            data.size());
}

struct Tag {
    std::uint64_t block = 0;
    std::uint32_t flags = 0;
    std::uint32_t checksum = 0; ///< its lower 16 bits only, before version 3
};

class Journal {
  public:
    Journal(block::BlockDevice& target, const ExtLibrary& library)
        : target_(target), block_size_(library.get()->blocksize),
          volume_blocks_(ext2fs_blocks_count(library.get()->super))
    {
        const ext2_super_block& super = *library.get()->super;
        if (super.s_journal_inum == 0)
            throw Error(Errc::precondition, "the ext journal lies on another device",
                        "let the guest's own e2fsck replay it");
        const ext2_inode inode = library.read_inode(super.s_journal_inum);
        const std::uint64_t length = EXT2_I_SIZE(&inode) / block_size_;
        for (const ExtRun& run : map_blocks(library, inode))
            for (std::uint64_t i = 0; i < run.blocks && map_.size() < length; ++i) {
                if (run.logical + i != map_.size())
                    throw Error(Errc::bad_data, "the ext journal has holes");
                map_.push_back(run.physical + i);
            }
        read_superblock();
    }

    [[nodiscard]] bool empty() const { return start_ == 0; }
    Replay replay();

  private:
    void read_superblock();
    std::vector<std::byte> read(std::uint64_t block)
    {
        std::vector<std::byte> data(block_size_);
        target_.read(map_.at(static_cast<std::size_t>(block)) * block_size_, data);
        return data;
    }
    [[nodiscard]] std::uint64_t wrap(std::uint64_t block) const
    {
        return block >= end_ ? block - (end_ - first_) : block;
    }
    [[nodiscard]] bool checksums() const
    {
        return (incompat_ & (incompat_csum_v2 | incompat_csum_v3)) != 0;
    }
    [[nodiscard]] std::vector<Tag> tags_of(bytes::View block) const;
    [[nodiscard]] bool sound(bytes::View block, std::size_t sum_at) const;
    [[nodiscard]] bool sound(const Tag& tag, bytes::View data) const;
    void revoke_blocks(bytes::View block, std::uint32_t sequence);
    std::optional<std::string> scan();
    void copy_blocks(Replay& result);

    struct Descriptor {
        std::uint64_t at = 0;
        std::uint32_t sequence = 0;
    };

    block::BlockDevice& target_;
    std::size_t block_size_;
    std::uint64_t volume_blocks_;
    std::vector<std::uint64_t> map_; ///< block of the journal -> of the volume
    std::uint64_t first_ = 1, end_ = 0;
    std::uint64_t start_ = 0; ///< 0: nothing to replay
    std::uint32_t sequence_ = 0;
    std::uint32_t incompat_ = 0;
    std::uint32_t seed_ = 0;
    std::vector<Descriptor> descriptors_;            ///< of complete transactions
    std::map<std::uint64_t, std::uint32_t> revoked_; ///< block -> last transaction that revoked it
    std::uint64_t transactions_ = 0;
};

void Journal::read_superblock()
{
    if (map_.empty())
        throw Error(Errc::bad_data, "the ext journal is empty");
    const auto super = read(0);
    const std::uint32_t type = be32(super, 4);
    if (be32(super, 0) != journal_magic || (type != 3 && type != 4))
        throw Error(Errc::bad_data, "the superblock of the ext journal is damaged");
    end_ = std::min<std::uint64_t>(be32(super, 16), map_.size());
    first_ = be32(super, 20);
    sequence_ = be32(super, 24);
    start_ = be32(super, 28);
    if (type == 4)
        incompat_ = be32(super, 40);
    if (be32(super, 12) != block_size_ || first_ == 0 || first_ >= end_ ||
        (start_ != 0 && (start_ < first_ || start_ >= end_)))
        throw Error(Errc::bad_data, "the superblock of the ext journal is damaged");
    if ((incompat_ & ~known_incompat) != 0)
        throw Error(Errc::precondition, "the ext journal has features that are not known here",
                    "let the guest's own e2fsck replay it");
    seed_ = crc32c(~0U, std::span(super).subspan(48, 16));
}

/// Checksums of metadata blocks are computed with the field itself as zeros.
bool Journal::sound(bytes::View block, std::size_t sum_at) const
{
    if (!checksums())
        return true;
    std::vector<std::byte> copy(block.begin(), block.end());
    const std::uint32_t stored = be32(copy, sum_at);
    bytes::store_be(copy, sum_at, std::uint32_t{0});
    return crc32c(seed_, copy) == stored;
}

bool Journal::sound(const Tag& tag, bytes::View data) const
{
    if (!checksums())
        return true;
    std::byte sequence[4];
    bytes::store_be(sequence, 0, sequence_);
    const std::uint32_t sum = crc32c(crc32c(seed_, sequence), data);
    return (incompat_ & incompat_csum_v3) != 0 ? sum == tag.checksum
                                               : (sum & 0xffff) == (tag.checksum & 0xffff);
}

std::vector<Tag> Journal::tags_of(bytes::View block) const
{
    const bool v3 = (incompat_ & incompat_csum_v3) != 0, wide = (incompat_ & incompat_64bit) != 0;
    const std::size_t length = v3 ? 16 : wide ? 12 : 8;
    const std::size_t end = block.size() - (checksums() ? 4 : 0);
    std::vector<Tag> tags;
    for (std::size_t at = 12; at + length <= end;) {
        Tag tag{.block = be32(block, at)};
        tag.flags = v3 ? be32(block, at + 4) : be16(block, at + 6);
        tag.checksum = v3 ? be32(block, at + 12) : be16(block, at + 4);
        if (wide)
            tag.block |= std::uint64_t{be32(block, at + 8)} << 32U;
        tags.push_back(tag);
        at += length + ((tag.flags & tag_same_uuid) == 0 ? 16 : 0);
        if ((tag.flags & tag_last) != 0)
            break;
    }
    return tags;
}

void Journal::revoke_blocks(bytes::View block, std::uint32_t sequence)
{
    const std::size_t width = (incompat_ & incompat_64bit) != 0 ? 8 : 4;
    const std::size_t end = std::min<std::size_t>(be32(block, 12), block.size());
    for (std::size_t at = 16; at + width <= end; at += width)
        revoked_[width == 8 ? be64(block, at) : be32(block, at)] = sequence;
}

/// Collects the transactions that have a commit block; returns why it stopped, if not at the end
/// of the log.
std::optional<std::string> Journal::scan()
{
    std::vector<Descriptor> open;
    std::vector<std::vector<std::byte>> revokes;
    std::uint64_t at = start_, seen = 0;
    for (std::uint64_t limit = end_ - first_; seen < limit;) {
        const auto block = read(at);
        if (be32(block, 0) != journal_magic || be32(block, 8) != sequence_)
            return std::nullopt;
        std::uint64_t length = 1;
        switch (be32(block, 4)) {
        case descriptor: {
            if (!sound(block, block_size_ - 4))
                return "a descriptor block does not match its checksum";
            open.push_back({at, sequence_});
            for (const Tag& tag : tags_of(block)) {
                if (seen + length >= limit)
                    return "a transaction is longer than the journal";
                if (!sound(tag, read(wrap(at + length))))
                    return fmt::format("block {} does not match its checksum", tag.block);
                ++length;
            }
            break;
        }
        case revoke:
            if (!sound(block, block_size_ - 4))
                return "a revoke block does not match its checksum";
            revokes.push_back(block);
            break;
        case commit:
            if (!sound(block, 16))
                return "a commit block does not match its checksum";
            descriptors_.insert(descriptors_.end(), open.begin(), open.end());
            for (const auto& list : revokes)
                revoke_blocks(list, sequence_);
            open.clear();
            revokes.clear();
            ++transactions_;
            ++sequence_;
            break;
        default:
            return std::nullopt;
        }
        at = wrap(at + length);
        seen += length;
    }
    return std::nullopt;
}

void Journal::copy_blocks(Replay& result)
{
    for (const Descriptor& d : descriptors_) {
        std::uint64_t at = d.at;
        for (const Tag& tag : tags_of(read(d.at))) {
            at = wrap(at + 1);
            const auto revoked = revoked_.find(tag.block);
            if (revoked != revoked_.end() &&
                static_cast<std::int32_t>(revoked->second - d.sequence) >= 0)
                continue;
            if (tag.block >= volume_blocks_)
                throw Error(Errc::bad_data,
                            "the ext journal writes past the end of the filesystem");
            auto data = read(at);
            if ((tag.flags & tag_escaped) != 0)
                bytes::store_be(data, 0, journal_magic);
            target_.write(tag.block * block_size_, data);
            ++result.blocks;
        }
    }
}

Replay Journal::replay()
{
    Replay result;
    result.cut_short = scan().value_or("");
    result.transactions = transactions_;
    copy_blocks(result);
    // The log is empty from now on.
    auto super = read(0);
    bytes::store_be(super, 24, sequence_);
    bytes::store_be(super, 28, std::uint32_t{0});
    if (checksums()) {
        bytes::store_be(super, 252, std::uint32_t{0});
        bytes::store_be(super, 252, crc32c(~0U, std::span(super).first(1024)));
    }
    target_.write(map_.front() * block_size_, super);
    return result;
}

/// The replayed superblock still says that it needs recovery.
void mark_recovered(block::BlockDevice& target)
{
    std::vector<std::byte> super(1024);
    target.read(1024, super);
    const std::uint32_t incompat = bytes::le32(super, 0x60);
    bytes::store_le(super, 0x60, incompat & ~std::uint32_t{EXT3_FEATURE_INCOMPAT_RECOVER});
    if ((bytes::le32(super, 0x64) & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM) != 0)
        bytes::store_le(super, 1020, crc32c(~0U, std::span(super).first(1020)));
    target.write(1024, super);
}

} // namespace

Replay replay_journal(block::BlockDevice& target)
{
    Replay result;
    {
        const ExtLibrary library(target, false);
        Journal journal(target, library);
        if (!journal.empty())
            result = journal.replay();
    }
    mark_recovered(target);
    return result;
}

} // namespace xenlab::fs
