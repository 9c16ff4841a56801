// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/xva/disks.hpp>
#include <xenlab/xva/walker.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace xenlab::xva {

class DiskStream::Impl {
  public:
    Impl(std::unique_ptr<io::ByteSource> source, DamageHandler damaged)
        : source_(std::move(source)), damaged_(std::move(damaged)), walker_(*source_)
    {
        next_chunk();
    }

    [[nodiscard]] const Metadata& metadata() const { return walker_.metadata(); }
    [[nodiscard]] std::uint64_t taken() { return walker_.tar().offset(); }
    std::optional<std::size_t> read(std::size_t disk, std::uint64_t offset,
                                    std::span<std::byte> buffer, std::uint64_t limit);

  private:
    void next_chunk();
    void find_next_chunk();
    void check(const Entry& entry);
    bool go_to(std::size_t disk, std::uint64_t offset, std::uint64_t limit);
    std::optional<std::size_t> read_piece(std::uint64_t offset, std::span<std::byte> buffer,
                                          std::uint64_t limit);
    std::optional<std::size_t> read_behind(std::size_t disk, std::uint64_t offset,
                                           std::span<std::byte> buffer);
    [[nodiscard]] std::uint64_t chunk_end() const
    {
        return chunk_->placed->offset + chunk_->length;
    }
    /// Where on its disk the next byte of the chunk belongs.
    [[nodiscard]] std::uint64_t at() { return chunk_end() - walker_.tar().remaining(); }

    std::unique_ptr<io::ByteSource> source_;
    DamageHandler damaged_;
    Walker walker_;
    std::exception_ptr damage_;           ///< why the stream had to stop
    std::optional<Entry> chunk_;          ///< being read; nothing after the last one
    std::uint64_t hole_begin_ = 0;        ///< where the hole in front of chunk_ begins
    std::vector<std::uint64_t> data_end_; ///< by disk, of the chunks gone by
    io::Hasher sha1_{io::HashKind::sha1};
    io::Hasher xxh64_{io::HashKind::xxh64};
    bool hashed_whole_ = false; ///< every byte of the chunk went through the hashes so far
};

/// Goes on to the next entry with data of a known disk. After damage the stream cannot go on:
/// whoever wants more hears of that damage again.
void DiskStream::Impl::next_chunk()
{
    if (damage_)
        std::rethrow_exception(damage_);
    try {
        find_next_chunk();
    } catch (const Error&) {
        damage_ = std::current_exception();
        throw;
    }
}

void DiskStream::Impl::find_next_chunk()
{
    hashed_whole_ = hashed_whole_ && walker_.tar().remaining() == 0;
    chunk_.reset();
    while (auto entry = walker_.next()) {
        if (entry->member.kind == MemberKind::checksum)
            check(*entry);
        hashed_whole_ = false;
        if (entry->member.kind != MemberKind::chunk || entry->length == 0)
            continue;
        if (!entry->disk || !entry->placed)
            throw Error(Errc::bad_data,
                        fmt::format("{} does not belong where it is", text::quoted(entry->name)),
                        "xva-verify tells more");
        // The hole may be longer than its number says: keep-alive entries lie in holes, too.
        const std::size_t disk = *entry->disk;
        data_end_.resize(std::max(data_end_.size(), disk + 1));
        hole_begin_ = std::exchange(data_end_[disk], entry->placed->offset + entry->length);
        chunk_ = std::move(entry);
        hashed_whole_ = true;
        sha1_.finish(); // starts anew
        xxh64_.finish();
        return;
    }
}

void DiskStream::Impl::check(const Entry& entry)
{
    if (!hashed_whole_ || entry.length > 64)
        return;
    std::string expected(static_cast<std::size_t>(entry.length), '\0');
    auto rest = std::as_writable_bytes(std::span(expected));
    while (!rest.empty())
        rest = rest.subspan(walker_.read(rest));
    const std::string computed =
        entry.member.hash == io::HashKind::sha1 ? sha1_.finish() : xxh64_.finish();
    if (text::to_lower(expected) != text::to_lower(computed))
        damaged_(fmt::format("{} is damaged: its checksum does not match",
                             text::printable(entry.member.prefix + "/" + entry.member.digits)));
}

/// Makes chunk_ the one that holds `offset` or the first one behind it.
bool DiskStream::Impl::go_to(std::size_t disk, std::uint64_t offset, std::uint64_t limit)
{
    while (chunk_ && (*chunk_->disk < disk || (*chunk_->disk == disk && chunk_end() <= offset))) {
        if (walker_.tar().offset() + walker_.tar().remaining() + 4 * tar::block_size > limit)
            return false;
        next_chunk();
    }
    return true;
}

/// Bytes of the chunk, or zeros in front of it; the caller has made sure that offset is not behind
/// it.
std::optional<std::size_t>
DiskStream::Impl::read_piece(std::uint64_t offset, std::span<std::byte> buffer, std::uint64_t limit)
{
    const std::uint64_t begin = chunk_->placed->offset;
    if (offset < begin) {
        if (offset < hole_begin_)
            return std::nullopt; // gone by
        const std::size_t n =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), begin - offset));
        std::fill_n(buffer.begin(), n, std::byte{0});
        return n;
    }
    if (offset < at())
        return std::nullopt;
    const std::size_t n =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), chunk_end() - offset));
    const std::uint64_t skip = offset - at();
    if (walker_.tar().offset() + skip + n > limit)
        return std::nullopt;
    std::vector<std::byte> scratch;
    const auto take = [&](std::span<std::byte> into) {
        const std::size_t got = walker_.read(into);
        sha1_.update(into.first(got));
        xxh64_.update(into.first(got));
        return got;
    };
    for (std::uint64_t left = skip; left > 0;) {
        scratch.resize(std::min<std::uint64_t>(left, 1U << 16U));
        left -= take(scratch);
    }
    return take(buffer.first(n));
}

/// Behind the last chunk of the disk: a hole that keep-alive entries opened, or its end.
std::optional<std::size_t> DiskStream::Impl::read_behind(std::size_t disk, std::uint64_t offset,
                                                         std::span<std::byte> buffer)
{
    if (disk < data_end_.size() && offset < data_end_[disk])
        return std::nullopt; // gone by
    const Disk& info = metadata().disks.at(disk);
    const std::uint64_t end = walker_.end_of(disk);
    if (offset < end) {
        const auto n =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - offset));
        std::fill_n(buffer.begin(), n, std::byte{0});
        return n;
    }
    if (!info.size_known)
        return 0;
    throw Error(
        Errc::bad_data,
        fmt::format("the archive holds no byte {} of disk {}", offset, text::printable(info.ref)),
        "xva-verify tells more");
}

std::optional<std::size_t> DiskStream::Impl::read(std::size_t disk, std::uint64_t offset,
                                                  std::span<std::byte> buffer, std::uint64_t limit)
{
    const Disk& info = metadata().disks.at(disk);
    if (info.size_known && offset >= info.virtual_size)
        return 0;
    if (info.size_known)
        buffer = buffer.first(static_cast<std::size_t>(
            std::min<std::uint64_t>(buffer.size(), info.virtual_size - offset)));
    std::size_t done = 0;
    while (done < buffer.size()) {
        if (damage_)
            std::rethrow_exception(damage_);
        if (!go_to(disk, offset + done, limit))
            return std::nullopt;
        const auto rest = buffer.subspan(done);
        const auto n = chunk_ && *chunk_->disk == disk ? read_piece(offset + done, rest, limit)
                                                       : read_behind(disk, offset + done, rest);
        if (!n)
            return std::nullopt;
        if (*n == 0)
            break; // the disk ends
        done += *n;
    }
    return done;
}

DiskStream::DiskStream(std::unique_ptr<io::ByteSource> source, DamageHandler damaged)
    : impl_(std::make_unique<Impl>(std::move(source), std::move(damaged)))
{
}

DiskStream::~DiskStream() = default;

const Metadata& DiskStream::metadata() const
{
    return impl_->metadata();
}

std::optional<std::size_t> DiskStream::read(std::size_t disk, std::uint64_t offset,
                                            std::span<std::byte> buffer, std::uint64_t limit)
{
    return impl_->read(disk, offset, buffer, limit);
}

std::uint64_t DiskStream::taken() const
{
    return impl_->taken();
}

} // namespace xenlab::xva
