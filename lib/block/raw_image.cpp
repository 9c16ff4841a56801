// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/block/raw_image.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::block {

// O_NONBLOCK: a FIFO without writer would make open(2) wait. It means nothing for what is accepted.
RawImage::RawImage(const std::string& path, Access access)
    : path_(path), access_(access),
      fd_(io::open_file(path, (access == Access::read_write ? O_RDWR : O_RDONLY) | O_NONBLOCK))
{
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0)
        throw system_error(errno, path);
    if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode))
        throw Error(Errc::failed, fmt::format("{}: neither a file nor a block device", path));
    update_size();
}

void RawImage::update_size()
{
    const off_t end = ::lseek(fd_.get(), 0, SEEK_END); // works for block devices, too
    if (end < 0)
        throw system_error(errno, path_);
    size_ = static_cast<std::uint64_t>(end);
}

void RawImage::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    check_range(size_, offset, buffer.size());
    const std::size_t n = io::pread_full(fd_.get(), offset, buffer, path_);
    if (n < buffer.size())
        throw Error(Errc::failed, fmt::format("{}: became shorter while it was read", path_));
}

std::vector<Extent> RawImage::extents(std::uint64_t offset, std::uint64_t length)
{
    check_range(size_, offset, length);
    std::vector<Extent> all;
    const std::uint64_t end = offset + length;
    while (offset < end) {
        const off_t data = ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
        if (data < 0 && errno != ENXIO) // a device or filesystem without holes
            return BlockDevice::extents(offset, end - offset);
        const std::uint64_t data_at =
            data < 0 ? end : std::min(end, static_cast<std::uint64_t>(data));
        if (data_at > offset)
            all.push_back({.offset = offset, .length = data_at - offset, .hole = true});
        if (data_at >= end)
            break;
        const off_t hole = ::lseek(fd_.get(), static_cast<off_t>(data_at), SEEK_HOLE);
        const std::uint64_t hole_at =
            hole < 0 ? end : std::min(end, static_cast<std::uint64_t>(hole));
        all.push_back({.offset = data_at, .length = hole_at - data_at, .hole = false});
        offset = hole_at;
    }
    return all;
}

void RawImage::write(std::uint64_t offset, std::span<const std::byte> data)
{
    if (!writable())
        return BlockDevice::write(offset, data);
    check_range(size_, offset, data.size());
    io::pwrite_all(fd_.get(), offset, data, path_);
}

void RawImage::flush()
{
    if (writable() && ::fdatasync(fd_.get()) != 0)
        throw system_error(errno, path_);
}

void RawImage::resize(std::uint64_t size)
{
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0)
        throw system_error(errno, path_);
    if (!S_ISREG(info.st_mode))
        throw Error(Errc::precondition, fmt::format("{}: a device cannot change its size", path_));
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
        throw system_error(errno, path_);
    size_ = size;
}

std::optional<std::size_t> RawStream::read(std::size_t disk, std::uint64_t offset,
                                           std::span<std::byte> buffer, std::uint64_t limit)
{
    if (disk != 0 || offset < at_ || offset > limit || buffer.size() > limit - offset)
        return std::nullopt;
    if (!ended_ && offset > at_) {
        const std::uint64_t skipped = source_->skip(offset - at_);
        ended_ = skipped < offset - at_;
        at_ += skipped;
    }
    if (ended_)
        return 0;
    const std::size_t n = io::read_full(*source_, buffer);
    at_ += n;
    ended_ = n < buffer.size();
    return n;
}

} // namespace xenlab::block
