// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/io/output_file.hpp>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::io {

namespace {

bool can_be_replaced(const std::string& path)
{
    struct stat info {};
    return ::lstat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
}

/// The file behind a symbolic link: replacing the link would leave that file as it was. /dev/stdout
/// and its like are open already and written as they are.
std::string followed(const std::string& path)
{
    std::error_code error;
    if (path.starts_with("/dev/") || path.starts_with("/proc/") ||
        !std::filesystem::is_symlink(path, error) || !std::filesystem::is_regular_file(path, error))
        return path;
    const auto target = std::filesystem::canonical(path, error);
    return error ? path : target.string();
}

} // namespace

OutputFile::OutputFile(const std::string& path) : path_(followed(path))
{
    if (can_be_replaced(path_))
        part_ = path_ + ".part";
    const std::string& target = part_.empty() ? path_ : part_;
    fd_ = open_file(target, O_WRONLY | O_CREAT | O_TRUNC | (part_.empty() ? 0 : O_NOFOLLOW));
    struct stat info {};
    sparse_ = ::fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode);
}

OutputFile::~OutputFile()
{
    if (fd_ && !part_.empty())
        ::unlink(part_.c_str());
}

void OutputFile::write(std::span<const std::byte> data)
{
    write_all(fd_.get(), data, path_);
    push(data.size());
}

void OutputFile::write_at(std::uint64_t offset, std::span<const std::byte> data)
{
    pwrite_all(fd_.get(), offset, data, path_);
    push(data.size());
}

// Starts writing to the disk while there is more to come: commit() must wait for it anyway, and one
// wait for all of a large file takes several times as long.
void OutputFile::push(std::size_t written) noexcept
{
    constexpr std::size_t enough = 16U << 20U;
    unpushed_ += written;
    if (sparse_ && unpushed_ >= enough) {
        unpushed_ = 0;
        ::sync_file_range(fd_.get(), 0, 0,
                          SYNC_FILE_RANGE_WRITE); // a hint: a failure comes up in commit()
    }
}

void OutputFile::set_size(std::uint64_t size)
{
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
        throw system_error(errno, path_);
}

void OutputFile::commit()
{
    if (::fsync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS)
        throw system_error(errno, path_);
    if (!part_.empty()) {
        if (::rename(part_.c_str(), path_.c_str()) != 0)
            throw system_error(errno, path_);
        sync_directory_of(path_);
    }
    fd_.reset();
}

} // namespace xenlab::io
