// SPDX-License-Identifier: GPL-3.0-or-later
#include "chunk_map.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/xva/disks.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <vector>

namespace xenlab::xva {
namespace {

// A header, a checksum entry and the next header lie within three blocks of each other.
constexpr std::size_t read_ahead = 4 * tar::block_size;

} // namespace

class DiskIndex::Impl {
  public:
    Impl(std::unique_ptr<io::FdSource> file, DamageHandler damaged)
        : file_(std::move(file)), damaged_(std::move(damaged)), walker_(*file_, read_ahead)
    {
        while (!walker_.has_metadata() && map_.empty() && !ended_)
            extend();
    }

    [[nodiscard]] const Metadata& metadata() const { return walker_.metadata(); }
    [[nodiscard]] std::vector<std::uint64_t> save() const;
    bool restore(std::span<const std::uint64_t> numbers);
    [[nodiscard]] std::uint64_t jumps() const noexcept { return jumps_; }
    void read(std::size_t disk, std::uint64_t offset, std::span<std::byte> buffer);
    std::vector<block::Extent> extents(std::size_t disk, std::uint64_t offset,
                                       std::uint64_t length);

  private:
    void extend();
    void index_next_entry();
    /// The chunk that holds the byte, or nothing and then `hole_end`, the end of the hole it lies
    /// in.
    std::optional<ChunkPlace> find(std::size_t disk, std::uint64_t offset, std::uint64_t& hole_end);
    const std::vector<std::byte>& load(std::size_t disk, const ChunkPlace& chunk);
    void check(std::size_t disk, const ChunkPlace& chunk, std::span<const std::byte> content);
    void check_header(std::size_t disk, const ChunkPlace& chunk) const;

    std::unique_ptr<io::FdSource> file_;
    DamageHandler damaged_;
    Walker walker_;
    bool ended_ = false;
    std::exception_ptr damage_; ///< why the walk had to stop
    ChunkMap map_;
    std::uint64_t jumps_ = 0;
    bool restored_ = false; ///< the map is from somewhere else
    struct Loaded {
        ChunkPlace place;
        std::vector<std::byte> bytes;
        std::uint64_t used = 0; ///< the number of the load that used it last; 0: holds nothing
    };
    std::array<Loaded, 8> loaded_;
    std::uint64_t loads_ = 0;
};

/// After damage the walk cannot go on: whoever wants more hears of that damage again.
void DiskIndex::Impl::extend()
{
    if (damage_)
        std::rethrow_exception(damage_);
    try {
        index_next_entry();
    } catch (const Error&) {
        damage_ = std::current_exception();
        throw;
    }
}

void DiskIndex::Impl::index_next_entry()
{
    const auto entry = walker_.next();
    ++jumps_;
    if (!entry) {
        ended_ = true;
        return;
    }
    if (entry->member.kind != MemberKind::chunk || entry->length == 0)
        return;
    if (!entry->disk || !entry->placed)
        throw Error(Errc::bad_data,
                    fmt::format("{} does not belong where it is", text::quoted(entry->name)),
                    "xva-verify tells more");
    map_.add(*entry->disk, {.disk_offset = entry->placed->offset,
                            .file_offset = entry->header_offset + tar::block_size,
                            .length = entry->length});
}

std::optional<ChunkPlace> DiskIndex::Impl::find(std::size_t disk, std::uint64_t offset,
                                                std::uint64_t& hole_end)
{
    while (!ended_ && map_.newest_disk() <= disk && walker_.end_of(disk) <= offset)
        extend();
    if (walker_.end_of(disk) <= offset)
        throw Error(Errc::bad_data,
                    fmt::format("the archive holds no byte {} of disk {}", offset,
                                text::printable(metadata().disks.at(disk).ref)),
                    "xva-verify tells more");
    std::optional<std::uint64_t> next;
    auto chunk = map_.find(disk, offset, next);
    hole_end = next.value_or(walker_.end_of(disk));
    return chunk;
}

/// The content of a chunk; readers at several places (an NBD client with several connections) must
/// not push each other's chunk out.
const std::vector<std::byte>& DiskIndex::Impl::load(std::size_t disk, const ChunkPlace& chunk)
{
    for (Loaded& kept : loaded_)
        if (kept.used != 0 && kept.place.file_offset == chunk.file_offset &&
            kept.place.length == chunk.length) {
            kept.used = ++loads_;
            return kept.bytes;
        }
    if (restored_)
        check_header(disk, chunk);
    Loaded& oldest =
        *std::min_element(loaded_.begin(), loaded_.end(),
                          [](const Loaded& a, const Loaded& b) { return a.used < b.used; });
    oldest.used = 0; // it holds nothing if reading or checking fails
    oldest.bytes.resize(static_cast<std::size_t>(chunk.length));
    if (io::pread_full(file_->fd(), chunk.file_offset, oldest.bytes, "archive") < chunk.length)
        throw io::StreamError(
            io::Damage::truncated,
            fmt::format("the archive is cut off inside its chunk at byte {}", chunk.file_offset));
    check(disk, chunk, oldest.bytes);
    oldest.place = chunk;
    oldest.used = ++loads_;
    return oldest.bytes;
}

/// A place that was not found by jumping here must at least be a chunk of the disk.
void DiskIndex::Impl::check_header(std::size_t disk, const ChunkPlace& chunk) const
{
    std::array<std::byte, tar::block_size> block{};
    if (chunk.file_offset >= block.size() &&
        io::pread_full(file_->fd(), chunk.file_offset - block.size(), block, "archive") ==
            block.size()) {
        const auto header = tar::parse_header(block);
        const Member member = header ? parse_member(header->name, header->type) : Member();
        if (header && member.kind == MemberKind::chunk && header->size == chunk.length &&
            member.prefix == metadata().disks.at(disk).ref)
            return;
    }
    throw Error(Errc::bad_data, "the kept index of this archive is not that of this archive",
                "remove it: it is in $XDG_CACHE_HOME/xenlab/index or ~/.cache/xenlab/index");
}

/// The entry behind a chunk is its checksum, if it has one.
void DiskIndex::Impl::check(std::size_t disk, const ChunkPlace& chunk,
                            std::span<const std::byte> content)
{
    std::vector<std::byte> next(2 * tar::block_size);
    const std::uint64_t at = chunk.file_offset + chunk.length + tar::padding(chunk.length);
    if (io::pread_full(file_->fd(), at, next, "archive") < next.size())
        return;
    const auto header = tar::parse_header(std::span(next).first(tar::block_size));
    if (!header)
        return; // found when the walk gets there
    const Member member = parse_member(header->name, header->type);
    if (member.kind != MemberKind::checksum || header->size > 64)
        return;
    const std::string expected(reinterpret_cast<const char*>(next.data()) +
                                   tar::block_size, // NOLINT
                               static_cast<std::size_t>(header->size));
    if (text::to_lower(expected) != text::to_lower(io::hash_text(member.hash, content)))
        damaged_(fmt::format(
            "{} is damaged: its checksum does not match (bytes {} to {} of disk {})",
            text::printable(member.prefix + "/" + member.digits), chunk.disk_offset,
            chunk.disk_offset + chunk.length - 1, text::printable(metadata().disks.at(disk).ref)));
}

void DiskIndex::Impl::read(std::size_t disk, std::uint64_t offset, std::span<std::byte> buffer)
{
    while (!buffer.empty()) {
        std::uint64_t hole_end = 0;
        const auto chunk = find(disk, offset, hole_end);
        std::size_t n = 0;
        if (!chunk) {
            n = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), hole_end - offset));
            std::fill_n(buffer.begin(), n, std::byte{0});
        } else if (chunk->length > chunk_size) { // too large to keep, and too large to check
            n = static_cast<std::size_t>(std::min<std::uint64_t>(
                buffer.size(), chunk->disk_offset + chunk->length - offset));
            const std::uint64_t at = chunk->file_offset + (offset - chunk->disk_offset);
            if (io::pread_full(file_->fd(), at, buffer.first(n), "archive") < n)
                throw io::StreamError(io::Damage::truncated,
                                      "the archive is cut off inside a chunk");
        } else {
            const auto& content = load(disk, *chunk);
            const std::uint64_t from = offset - chunk->disk_offset;
            n = static_cast<std::size_t>(
                std::min<std::uint64_t>(buffer.size(), chunk->length - from));
            std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(from), n, buffer.begin());
        }
        offset += n;
        buffer = buffer.subspan(n);
    }
}

std::vector<block::Extent> DiskIndex::Impl::extents(std::size_t disk, std::uint64_t offset,
                                                    std::uint64_t length)
{
    std::vector<block::Extent> all;
    const std::uint64_t end = offset + length;
    while (offset < end) {
        std::uint64_t part_end = end;
        const auto chunk = find(disk, offset, part_end);
        if (chunk)
            part_end = chunk->disk_offset + chunk->length;
        part_end = std::min(part_end, end);
        if (!all.empty() && all.back().hole == !chunk)
            all.back().length += part_end - offset;
        else
            all.push_back({.offset = offset, .length = part_end - offset, .hole = !chunk});
        offset = part_end;
    }
    return all;
}

std::vector<std::uint64_t> DiskIndex::Impl::save() const
{
    if (damage_)
        return {};
    const auto standing = walker_.standing();
    std::vector<std::uint64_t> numbers{ended_ ? 1U : 0U, standing.next_header, standing.unit,
                                       standing.positions.size()};
    for (const Positions& disk : standing.positions)
        numbers.insert(numbers.end(), {disk.next_number(), disk.end()});
    map_.save(numbers);
    return numbers;
}

bool DiskIndex::Impl::restore(std::span<const std::uint64_t> numbers)
{
    constexpr std::size_t fixed = 4;
    const auto size = file_->total();
    const std::uint64_t disks = metadata().disks.size();
    if (!size || !walker_.has_metadata() || numbers.size() < fixed + 2 * disks || numbers[0] > 1 ||
        numbers[3] != disks)
        return false;
    Walker::Standing standing{numbers[1], numbers[2], {}};
    std::vector<std::uint64_t> ends;
    for (std::size_t i = 0; i < disks; ++i) {
        ends.push_back(numbers[fixed + 2 * i + 1]);
        standing.positions.emplace_back(numbers[fixed + 2 * i], ends.back());
        if (ends.back() > metadata().disks[i].virtual_size)
            return false;
    }
    if (standing.next_header < walker_.standing().next_header || standing.next_header > *size ||
        standing.next_header % tar::block_size != 0 ||
        !map_.restore(numbers.subspan(fixed + 2 * disks), ends, *size))
        return false;
    walker_.go_on_at(standing);
    ended_ = numbers[0] == 1;
    restored_ = true;
    return true;
}

namespace {

template <typename Index>
class IndexedDisk final : public block::BlockDevice {
  public:
    IndexedDisk(Index& index, std::size_t disk, std::uint64_t size)
        : index_(index), disk_(disk), size_(size)
    {
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(size_, offset, buffer.size());
        index_.read(disk_, offset, buffer);
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        block::check_range(size_, offset, length);
        return index_.extents(disk_, offset, length);
    }

  private:
    Index& index_;
    std::size_t disk_;
    std::uint64_t size_;
};

} // namespace

DiskIndex::DiskIndex(std::unique_ptr<io::FdSource> file, DamageHandler damaged)
    : impl_(std::make_unique<Impl>(std::move(file), std::move(damaged)))
{
}

DiskIndex::~DiskIndex() = default;

const Metadata& DiskIndex::metadata() const
{
    return impl_->metadata();
}

std::vector<std::uint64_t> DiskIndex::save() const
{
    return impl_->save();
}

bool DiskIndex::restore(std::span<const std::uint64_t> numbers)
{
    return impl_->restore(numbers);
}

std::uint64_t DiskIndex::jumps() const noexcept
{
    return impl_->jumps();
}

std::unique_ptr<block::BlockDevice> DiskIndex::open(std::size_t disk)
{
    const std::uint64_t size = impl_->metadata().disks.at(disk).virtual_size;
    return std::make_unique<IndexedDisk<Impl>>(*impl_, disk, size);
}

} // namespace xenlab::xva
