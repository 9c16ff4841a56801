// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/block/disk_sink.hpp>
#include <xenlab/disksrc/spool.hpp>
#include <xenlab/io/fd.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace xenlab::disksrc {
namespace {

constexpr std::size_t piece = std::size_t{1} << 20U;
constexpr std::size_t grain = std::size_t{16} << 10U; // zeros shorter than this are written

/// A file without a name, as long as the disk.
class Spool final : public block::BlockDevice {
  public:
    explicit Spool(const std::string& directory)
        : fd_(io::open_file(directory, O_TMPFILE | O_RDWR, 0600))
    {
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        block::check_range(size_, offset, buffer.size());
        const std::size_t n = io::pread_full(fd_.get(), offset, buffer, "temporary file");
        std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(n), buffer.end(), std::byte{0});
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override;

    void store(std::uint64_t offset, std::span<const std::byte> data)
    {
        size_ = std::max(size_, offset + data.size());
        while (!data.empty()) {
            const auto part = data.first(std::min(grain, data.size()));
            if (!block::is_zero(part))
                io::pwrite_all(fd_.get(), offset, part, "temporary file");
            offset += part.size();
            data = data.subspan(part.size());
        }
    }
    void set_size(std::uint64_t size)
    {
        size_ = size;
        if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
            throw system_error(errno, "temporary file");
    }

  private:
    io::Fd fd_;
    std::uint64_t size_ = 0;
};

std::vector<block::Extent> Spool::extents(std::uint64_t offset, std::uint64_t length)
{
    block::check_range(size_, offset, length);
    std::vector<block::Extent> all;
    const std::uint64_t stop = offset + length;
    while (offset < stop) {
        const off_t found = ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
        const std::uint64_t data =
            found < 0 ? stop : std::min(stop, static_cast<std::uint64_t>(found));
        if (data > offset)
            all.push_back({offset, data - offset, true});
        if (data >= stop)
            break;
        const off_t after = ::lseek(fd_.get(), static_cast<off_t>(data), SEEK_HOLE);
        const std::uint64_t hole =
            after < 0 ? stop : std::min(stop, static_cast<std::uint64_t>(after));
        all.push_back({data, hole - data, false});
        offset = hole;
    }
    return all;
}

class SpooledSource final : public DiskSource {
  public:
    SpooledSource(std::unique_ptr<DiskSource> source, const SpoolOptions& options)
    {
        disks_ = source->disks();
        const char* tmp = std::getenv("TMPDIR"); // NOLINT: nobody sets it meanwhile
        const std::string directory = !options.directory.empty()       ? options.directory
                                      : tmp != nullptr && *tmp != '\0' ? tmp
                                                                       : "/tmp";
        for (std::size_t i = 0; i < disks_.size(); ++i) {
            spools_.push_back(std::make_unique<Spool>(directory));
            fill(*source->stream(), i, options);
        }
    }
    block::BlockDevice* device(std::size_t disk) override { return spools_.at(disk).get(); }
    block::ForwardDisks* stream() override { return nullptr; }

  private:
    void fill(block::ForwardDisks& stream, std::size_t disk, const SpoolOptions& options)
    {
        std::vector<std::byte> buffer(piece);
        std::uint64_t at = 0;
        for (;;) {
            if (options.stop.stop_requested())
                throw Error(Errc::interrupted, "interrupted");
            const std::uint64_t left = disks_[disk].size ? *disks_[disk].size - at : piece;
            const auto want = std::span(buffer).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(piece, left)));
            if (want.empty())
                break;
            const auto n = stream.read(disk, at, want, block::ForwardDisks::no_limit);
            if (!n)
                throw Error(Errc::failed, "the stream went past a disk");
            spools_[disk]->store(at, want.first(*n));
            at += *n;
            if (options.progress)
                options.progress(stream.taken());
            if (*n < want.size())
                break;
        }
        spools_[disk]->set_size(disks_[disk].size.value_or(at));
        disks_[disk].size = spools_[disk]->size();
    }

    std::vector<std::unique_ptr<Spool>> spools_;
};

} // namespace

std::unique_ptr<DiskSource> spooled(std::unique_ptr<DiskSource> source, const SpoolOptions& options)
{
    if (source->stream() == nullptr || (options.allowed && source->fetch_on_demand()))
        return source;
    if (!options.allowed)
        throw Error(Errc::precondition, "the source can only be read from front to end",
                    "leave out --no-spool, or give a seekable, uncompressed file");
    return std::make_unique<SpooledSource>(std::move(source), options);
}

} // namespace xenlab::disksrc
