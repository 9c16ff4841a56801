// SPDX-License-Identifier: GPL-3.0-or-later
#include "index_cache.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/bytes/endian.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/hash.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::disksrc {
namespace {

namespace fs = std::filesystem;

// Jumping over fewer headers takes less time than a look at the cache is worth.
constexpr std::uint64_t worth_keeping = 4096;
constexpr std::uintmax_t max_file = 16U << 20U;
constexpr std::size_t max_files = 64; // so at most 1 GiB; usually some 10 KiB
constexpr std::string_view suffix = ".index";

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::string folder()
{
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache == '/')
        return std::string(cache) + "/xenlab/index";
    const char* home = std::getenv("HOME");
    return home != nullptr && *home == '/' ? std::string(home) + "/.cache/xenlab/index" : "";
}

std::string key_of(const std::string& path, int fd)
{
    struct stat info {};
    if (::fstat(fd, &info) != 0)
        return {};
    return fmt::format("xenlab index 1\n{}\n{} {} {} {}.{} {}.{}\n", path, info.st_dev, info.st_ino,
                       info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
                       info.st_ctim.tv_nsec);
}

std::string content_of(const std::string& path)
{
    const io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
        info.st_uid != ::geteuid() || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
        static_cast<std::uintmax_t>(info.st_size) > max_file)
        return {};
    std::string content(static_cast<std::size_t>(info.st_size), '\0');
    content.resize(io::pread_full(fd.get(), 0, std::as_writable_bytes(std::span(content)), path));
    return content;
}

/// The oldest go when there are too many, and what kills have left unfinished.
void make_room(const fs::path& where)
{
    std::vector<std::pair<fs::file_time_type, fs::path>> files;
    for (const auto& entry : fs::directory_iterator(where))
        files.emplace_back(entry.last_write_time(), entry.path());
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i + max_files < files.size(); ++i)
        fs::remove(files[i].second);
}

} // namespace

IndexCache::IndexCache(std::string path, int fd)
{
    std::error_code failed;
    const auto whole = fs::canonical(path, failed);
    const std::string where = folder();
    if (failed || where.empty())
        return;
    archive_ = whole.string();
    key_ = key_of(archive_, fd);
    file_ = fmt::format("{}/{}{}", where, io::hash_text(io::HashKind::xxh64, bytes_of(archive_)),
                        suffix);
}

/// The key, the numbers, and a hash of both.
void IndexCache::take_up(xva::DiskIndex& index)
{
    constexpr std::size_t hash_size = 16;
    if (file_.empty())
        return;
    try {
        const std::string content = content_of(file_);
        if (content.size() < key_.size() + hash_size || !content.starts_with(key_))
            return;
        const std::string_view sealed(content.data(), content.size() - hash_size);
        if (io::hash_text(io::HashKind::xxh64, bytes_of(sealed)) != content.substr(sealed.size()))
            return;
        const auto packed = bytes_of(sealed.substr(key_.size()));
        std::vector<std::uint64_t> numbers(packed.size() / sizeof(std::uint64_t));
        for (std::size_t i = 0; i < numbers.size(); ++i)
            numbers[i] = bytes::le64(packed, i * sizeof(std::uint64_t));
        index.restore(numbers);
    } catch (const Error&) { // unreadable: as if it were not there
    }
}

void IndexCache::keep(const xva::DiskIndex& index) const noexcept
try {
    if (file_.empty() || index.jumps() < worth_keeping)
        return;
    const auto numbers = index.save();
    if (numbers.empty() || numbers.size() * sizeof(std::uint64_t) > max_file / 2)
        return;
    std::string content = key_;
    std::vector<std::byte> packed(numbers.size() * sizeof(std::uint64_t));
    for (std::size_t i = 0; i < numbers.size(); ++i)
        bytes::store_le(std::span(packed), i * sizeof(std::uint64_t), numbers[i]);
    content.append(reinterpret_cast<const char*>(packed.data()), packed.size()); // NOLINT
    content += io::hash_text(io::HashKind::xxh64, bytes_of(content));

    const fs::path where = fs::path(file_).parent_path();
    fs::create_directories(where);
    fs::permissions(where, fs::perms::owner_all);
    // Several processes may write at once, and each file is whole or not there.
    const std::string part = fmt::format("{}.{}", file_, ::getpid());
    {
        const io::Fd fd =
            io::open_file(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
        io::write_all(fd.get(), bytes_of(content), part);
    }
    fs::rename(part, file_);
    make_room(where);
} catch (const std::exception&) { // full, read-only, somebody else's: the next run jumps again
}

} // namespace xenlab::disksrc
