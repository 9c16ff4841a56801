// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/xva/disks.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <vector>

namespace xenlab::xva {
namespace {

constexpr std::size_t max_runs = 1'000'000; // 40 MiB
// A header, a checksum entry and the next header lie within three blocks of each other.
constexpr std::size_t read_ahead = 4 * tar::block_size;

/// Chunks in a row, on the disk and in the file: an archive of terabytes has few of them.
struct Run {
    std::uint64_t disk_offset = 0;
    std::uint64_t file_offset = 0; ///< of the first chunk's content
    std::uint64_t stride = 0;      ///< from one content to the next in the file
    std::uint64_t length = 0;      ///< of each chunk
    std::uint64_t count = 1;

    [[nodiscard]] std::uint64_t disk_end() const { return disk_offset + length * count; }
};

struct Found {
    std::uint64_t disk_offset = 0;
    std::uint64_t file_offset = 0;
    std::uint64_t length = 0;
};

} // namespace

class DiskIndex::Impl {
  public:
    Impl(std::unique_ptr<io::FdSource> file, DamageHandler damaged)
        : file_(std::move(file)), damaged_(std::move(damaged)), walker_(*file_, read_ahead)
    {
        while (!walker_.has_metadata() && runs_.empty() && !ended_)
            extend();
    }

    [[nodiscard]] const Metadata& metadata() const { return walker_.metadata(); }
    void read(std::size_t disk, std::uint64_t offset, std::span<std::byte> buffer);
    std::vector<block::Extent> extents(std::size_t disk, std::uint64_t offset,
                                       std::uint64_t length);

  private:
    void extend();
    void index_next_entry();
    void add(std::size_t disk, const Found& chunk);
    /// The chunk that holds the byte, or nothing and then `hole_end`, the end of the hole it lies
    /// in.
    std::optional<Found> find(std::size_t disk, std::uint64_t offset, std::uint64_t& hole_end);
    void load(std::size_t disk, const Found& chunk);
    void check(std::size_t disk, const Found& chunk);

    std::unique_ptr<io::FdSource> file_;
    DamageHandler damaged_;
    Walker walker_;
    bool ended_ = false;
    std::exception_ptr damage_;          ///< why the walk had to stop
    std::vector<std::vector<Run>> runs_; ///< by disk
    std::size_t total_runs_ = 0;
    std::size_t newest_disk_ = 0; ///< the disk that is being indexed
    Found loaded_;                ///< chunk in cache_
    std::vector<std::byte> cache_;
};

void DiskIndex::Impl::add(std::size_t disk, const Found& chunk)
{
    if (runs_.size() <= disk)
        runs_.resize(disk + 1);
    newest_disk_ = disk;
    auto& runs = runs_[disk];
    if (!runs.empty()) {
        Run& last = runs.back();
        const std::uint64_t step =
            chunk.file_offset - (last.file_offset + last.stride * (last.count - 1));
        const bool follows = last.disk_end() == chunk.disk_offset && last.length == chunk.length;
        if (follows && (last.count == 1 || step == last.stride)) {
            last.stride = step;
            ++last.count;
            return;
        }
    }
    if (++total_runs_ > max_runs)
        throw Error(Errc::bad_data, "the archive is in too many pieces to index");
    runs.push_back({.disk_offset = chunk.disk_offset,
                    .file_offset = chunk.file_offset,
                    .length = chunk.length});
}

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
    add(*entry->disk, {.disk_offset = entry->placed->offset,
                       .file_offset = entry->header_offset + tar::block_size,
                       .length = entry->length});
}

std::optional<Found> DiskIndex::Impl::find(std::size_t disk, std::uint64_t offset,
                                           std::uint64_t& hole_end)
{
    while (!ended_ && newest_disk_ <= disk && walker_.end_of(disk) <= offset)
        extend();
    if (walker_.end_of(disk) <= offset)
        throw Error(Errc::bad_data,
                    fmt::format("the archive holds no byte {} of disk {}", offset,
                                text::printable(metadata().disks.at(disk).ref)),
                    "xva-verify tells more");
    if (runs_.size() <= disk) // a disk of keep-alive entries only
        runs_.resize(disk + 1);
    const auto& runs = runs_[disk];
    auto run = std::upper_bound(runs.begin(), runs.end(), offset,
                                [](std::uint64_t at, const Run& r) { return at < r.disk_end(); });
    if (run == runs.end() || offset < run->disk_offset) {
        hole_end = run == runs.end() ? walker_.end_of(disk) : run->disk_offset;
        return std::nullopt;
    }
    const std::uint64_t number = (offset - run->disk_offset) / run->length;
    return Found{.disk_offset = run->disk_offset + number * run->length,
                 .file_offset = run->file_offset + number * run->stride,
                 .length = run->length};
}

void DiskIndex::Impl::load(std::size_t disk, const Found& chunk)
{
    if (!cache_.empty() && loaded_.file_offset == chunk.file_offset)
        return;
    loaded_ = {}; // the cache holds nothing if reading fails
    cache_.resize(static_cast<std::size_t>(chunk.length));
    if (io::pread_full(file_->fd(), chunk.file_offset, cache_, "archive") < cache_.size())
        throw io::StreamError(
            io::Damage::truncated,
            fmt::format("the archive is cut off inside its chunk at byte {}", chunk.file_offset));
    loaded_ = chunk;
    check(disk, chunk);
}

/// The entry behind a chunk is its checksum, if it has one.
void DiskIndex::Impl::check(std::size_t disk, const Found& chunk)
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
    if (text::to_lower(expected) != text::to_lower(io::hash_text(member.hash, cache_)))
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
            load(disk, *chunk);
            const std::uint64_t from = offset - chunk->disk_offset;
            n = static_cast<std::size_t>(
                std::min<std::uint64_t>(buffer.size(), chunk->length - from));
            std::copy_n(cache_.begin() + static_cast<std::ptrdiff_t>(from), n, buffer.begin());
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

std::unique_ptr<block::BlockDevice> DiskIndex::open(std::size_t disk)
{
    const std::uint64_t size = impl_->metadata().disks.at(disk).virtual_size;
    return std::make_unique<IndexedDisk<Impl>>(*impl_, disk, size);
}

} // namespace xenlab::xva
