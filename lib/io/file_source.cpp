// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/io/file_source.hpp>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::io {

FdSource::FdSource(Fd fd, std::string name, std::stop_token stop)
    : fd_(std::move(fd)), name_(std::move(name)), stop_(std::move(stop)), can_block_(true)
{
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0)
        throw system_error(errno, name_);
    if (S_ISDIR(info.st_mode))
        throw system_error(EISDIR, name_);
    if (S_ISREG(info.st_mode)) {
        can_block_ = false;
        const off_t start = ::lseek(fd_.get(), 0, SEEK_CUR); // standard input may be half read
        if (start >= 0 && start <= info.st_size)
            total_ = static_cast<std::uint64_t>(info.st_size - start);
        ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    }
}

std::size_t FdSource::read(std::span<std::byte> buffer)
{
    if (buffer.empty())
        return 0; // without waiting for a writer
    if (stop_.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    for (;;) {
        if (can_block_)
            wait_readable(fd_.get(), stop_);
        const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
        if (n >= 0) {
            position_ += static_cast<std::uint64_t>(n);
            return static_cast<std::size_t>(n);
        }
        if (errno != EINTR && errno != EAGAIN)
            throw system_error(errno, name_);
    }
}

std::uint64_t FdSource::skip(std::uint64_t count)
{
    if (can_block_ || !total_)
        return ByteSource::skip(count);
    const std::uint64_t step = std::min(count, *total_ - std::min(*total_, position_));
    if (::lseek(fd_.get(), static_cast<off_t>(step), SEEK_CUR) < 0)
        throw system_error(errno, name_);
    position_ += step;
    return step;
}

std::unique_ptr<ByteSource> open_source(const std::string& path, std::stop_token stop)
{
    if (path != "-")
        return std::make_unique<FdSource>(open_file(path, O_RDONLY), path, std::move(stop));
    return std::make_unique<FdSource>(Fd(STDIN_FILENO), "standard input", std::move(stop));
}

} // namespace xenlab::io
