// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/io/byte_sink.hpp>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::io {

void ByteSink::write(std::string_view text)
{
    write(std::as_bytes(std::span(text)));
}

FdSink::FdSink(int fd, std::string name, std::size_t buffer_size)
    : fd_(fd), name_(std::move(name)), capacity_(buffer_size)
{
}

void FdSink::write(std::span<const std::byte> data)
{
    if (buffer_.size() + data.size() > capacity_)
        flush();
    if (data.size() >= capacity_) {
        write_all(fd_, data, name_);
        return;
    }
    for (const std::byte b : data)
        buffer_ += static_cast<char>(b);
}

void FdSink::flush()
{
    // Emptied first: after a failed write the caller may still want to say so, and not fail again.
    std::string pending;
    pending.swap(buffer_);
    write_all(fd_, std::as_bytes(std::span(pending)), name_);
}

namespace {

bool can_be_replaced(const std::string& path)
{
    struct stat info {};
    return ::lstat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
}

void sync_directory_of(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "."
                                  : slash == 0               ? "/"
                                                             : path.substr(0, slash);
    const Fd fd = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (::fsync(fd.get()) != 0 && errno != EINVAL)
        throw system_error(errno, directory);
}

/// The file behind a symbolic link: replacing the link would leave that file as it was. /dev/stdout and
/// its like are open already and written as they are.
std::string followed(const std::string& path)
{
    std::error_code error;
    if (path.starts_with("/dev/") || path.starts_with("/proc/") ||
        !std::filesystem::is_symlink(path, error) ||
        !std::filesystem::is_regular_file(path, error))
        return path;
    const auto target = std::filesystem::canonical(path, error);
    return error ? path : target.string();
}

} // namespace

FileSink::FileSink(const std::string& path) : path_(followed(path))
{
    if (can_be_replaced(path_))
        part_ = path_ + ".part";
    const std::string& target = part_.empty() ? path_ : part_;
    fd_ = open_file(target, O_WRONLY | O_CREAT | O_TRUNC | (part_.empty() ? 0 : O_NOFOLLOW));
    sink_ = std::make_unique<FdSink>(fd_.get(), path_);
}

FileSink::~FileSink()
{
    if (fd_ && !part_.empty())
        ::unlink(part_.c_str());
}

void FileSink::write(std::span<const std::byte> data)
{
    sink_->write(data);
}

void FileSink::flush()
{
    sink_->flush();
}

void FileSink::finish()
{
    sink_->flush();
    if (::fsync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS)
        throw system_error(errno, path_);
    if (!part_.empty()) {
        if (::rename(part_.c_str(), path_.c_str()) != 0)
            throw system_error(errno, path_);
        sync_directory_of(path_);
    }
    fd_.reset();
}

void StringSink::write(std::span<const std::byte> data)
{
    for (const std::byte b : data)
        text_ += static_cast<char>(b);
}

} // namespace xenlab::io
