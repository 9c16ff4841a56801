// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef _WIN32
#include "posix.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>

#include <fcntl.h>
#include <sys/stat.h>

namespace xenlab::agent {
namespace {

[[noreturn]] void fail(const std::string& path)
{
    const int error = errno;
    throw SystemFailure(error == ENOENT || error == ENOTDIR ? 3 : 1,
                        path + ": " + std::strerror(error));
}

FileInfo to_info(const struct stat& s)
{
    FileInfo info;
    info.kind = S_ISREG(s.st_mode)   ? 'f'
                : S_ISDIR(s.st_mode) ? 'd'
                : S_ISLNK(s.st_mode) ? 'l'
                                     : 'o';
    info.size = s.st_size < 0 ? 0 : static_cast<std::uint64_t>(s.st_size);
    info.mode = s.st_mode & 07777U;
    info.mtime = s.st_mtim.tv_sec < 0
                     ? 0
                     : static_cast<std::uint64_t>(s.st_mtim.tv_sec) * 1'000'000'000U +
                           static_cast<std::uint64_t>(s.st_mtim.tv_nsec);
    return info;
}

class PosixFile final : public File {
  public:
    PosixFile(std::string path, int flags) : path_(std::move(path))
    {
        fd_ = Descriptor(::open(path_.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0600));
        if (!fd_)
            fail(path_);
    }

    std::size_t read(std::span<std::byte> buffer) override
    {
        for (;;) {
            const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
            if (count >= 0)
                return static_cast<std::size_t>(count);
            if (errno == EAGAIN)
                return 0;
            if (errno != EINTR)
                fail(path_);
        }
    }

    void write(View data) override
    {
        while (!data.empty()) {
            const ssize_t count = ::write(fd_.get(), data.data(), data.size());
            if (count < 0 && errno != EINTR)
                fail(path_);
            if (count > 0)
                data = data.subspan(static_cast<std::size_t>(count));
        }
    }

    FileInfo info() override
    {
        struct stat s {};
        if (::fstat(fd_.get(), &s) != 0)
            fail(path_);
        return to_info(s);
    }

    void truncate(std::uint64_t size) override
    {
        if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0 ||
            ::lseek(fd_.get(), static_cast<off_t>(size), SEEK_SET) < 0)
            fail(path_);
    }

    void finish(std::optional<std::uint32_t> mode, std::optional<std::uint64_t> mtime) override
    {
        const mode_t mask = ::umask(0);
        ::umask(mask);
        if (::fchmod(fd_.get(), mode ? (*mode & 07777U) : (0666U & ~mask)) != 0)
            fail(path_);
        if (mtime) {
            const timespec time{static_cast<time_t>(*mtime / 1'000'000'000U),
                                static_cast<long>(*mtime % 1'000'000'000U)};
            const std::array<timespec, 2> times{time, time};
            ::futimens(fd_.get(), times.data());
        }
        if (::fsync(fd_.get()) != 0)
            fail(path_);
    }

  private:
    std::string path_;
    Descriptor fd_;
};

} // namespace

std::unique_ptr<File> File::open_read(const std::string& path)
{
    return std::make_unique<PosixFile>(path, O_RDONLY | O_NONBLOCK);
}

std::unique_ptr<File> File::open_part(const std::string& path, bool keep)
{
    if (!keep)
        ::unlink(path.c_str()); // whatever it is: a link of somebody else's is not written through
    return std::make_unique<PosixFile>(path, O_RDWR | O_CREAT | O_NOFOLLOW | (keep ? 0 : O_EXCL));
}

std::optional<FileInfo> look_at(const std::string& path)
{
    struct stat s {};
    if (::lstat(path.c_str(), &s) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::nullopt;
        fail(path);
    }
    FileInfo info = to_info(s);
    if (info.kind == 'l') {
        std::array<char, 4096> target{};
        const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
        if (length > 0)
            info.target.assign(target.data(), static_cast<std::size_t>(length));
    }
    return info;
}

bool is_directory(const std::string& path)
{
    struct stat s {};
    return ::stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
}

void replace_file(const std::string& from, const std::string& to)
{
    if (::rename(from.c_str(), to.c_str()) != 0)
        fail(to);
    const std::size_t slash = to.rfind('/');
    const std::string folder = slash == std::string::npos ? "."
                               : slash == 0               ? "/"
                                                          : to.substr(0, slash);
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd)
        ::fsync(fd.get());
}

void remove_file(const std::string& path) noexcept
{
    ::unlink(path.c_str());
}

void make_directories(const std::string& path, std::uint32_t mode)
{
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
        ::mkdir(path.substr(0, at).c_str(), 0777);
    if (::mkdir(path.c_str(), mode & 07777U) != 0 && !(errno == EEXIST && is_directory(path)))
        fail(path);
}

void dress_directory(const std::string& path, std::optional<std::uint32_t> mode,
                     std::uint64_t mtime)
{
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd.get() < 0)
        fail(path);
    const timespec time{static_cast<time_t>(mtime / 1'000'000'000U),
                        static_cast<long>(mtime % 1'000'000'000U)};
    const std::array<timespec, 2> times{time, time};
    if (::futimens(fd.get(), times.data()) != 0 ||
        (mode && ::fchmod(fd.get(), *mode & 07777U) != 0))
        fail(path);
}

void make_link(const std::string& target, const std::string& path)
{
    const auto old = look_at(path);
    if (old && old->kind == 'l')
        ::unlink(path.c_str());
    if (::symlink(target.c_str(), path.c_str()) != 0)
        fail(path);
}

std::vector<std::string> names_in(const std::string& directory)
{
    DIR* folder = ::opendir(directory.c_str());
    if (folder == nullptr)
        fail(directory);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(folder)) {
        std::string name = static_cast<const char*>(entry->d_name);
        if (name != "." && name != "..")
            names.push_back(std::move(name));
    }
    ::closedir(folder);
    return names;
}

} // namespace xenlab::agent
#endif
