// SPDX-License-Identifier: GPL-3.0-or-later
#include "paths.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/crc32.hpp>
#include <xenlab/io/fd.hpp>
#include <xenlab/io/output_file.hpp>
#include <xenlab/lab/config.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::lab {
namespace {

std::string env_or(const char* name, const std::string& otherwise)
{
    const char* value = std::getenv(name);
    return value != nullptr && *value == '/' ? std::string(value) : otherwise;
}

/// A folder that only we can look into. Throws when somebody else owns it.
std::string own_folder(const std::string& path)
{
    std::error_code ignored;
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    std::filesystem::create_directories(parent, ignored);
    ::mkdir(path.c_str(), S_IRWXU);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0)
        throw system_error(errno, text::printable(path));
    if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid())
        throw Error(Errc::failed,
                    fmt::format("{}: not a folder of our own", text::printable(path)));
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        ::chmod(path.c_str(), S_IRWXU);
    return path;
}

} // namespace

std::string home_dir()
{
    const char* home = std::getenv("HOME");
    return home != nullptr && *home != '\0' ? std::string(home) : std::string("/");
}

std::string expand_home(const std::string& path)
{
    return path == "~" || path.starts_with("~/") ? home_dir() + path.substr(1) : path;
}

std::string config_dir()
{
    return env_or("XDG_CONFIG_HOME", home_dir() + "/.config") + "/xenlab";
}

std::string state_dir()
{
    return own_folder(env_or("XDG_STATE_HOME", home_dir() + "/.local/state") + "/xenlab");
}

std::string runtime_dir()
{
    return own_folder(env_or("XDG_RUNTIME_DIR", fmt::format("/tmp/xenlab-{}", ::geteuid())) +
                      "/xenlab");
}

std::string file_name_for(std::string_view kind, std::string_view key)
{
    std::string name(kind);
    name += '-';
    for (const char c : key.substr(0, 64)) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '@';
        name += plain ? c : '_';
    }
    const auto sum = bytes::crc32(std::as_bytes(std::span(key.data(), key.size())));
    return name + fmt::format("-{:08x}", sum);
}

std::optional<std::string> read_private(const std::string& path, std::size_t most)
{
    const io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
        info.st_uid != ::geteuid() || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
        info.st_size > static_cast<off_t>(most))
        return std::nullopt;
    std::string content(static_cast<std::size_t>(info.st_size), '\0');
    content.resize(io::pread_full(fd.get(), 0, std::as_writable_bytes(std::span(content)), path));
    return content;
}

void write_private(const std::string& path, std::string_view content)
{
    // A name of its own for the unfinished file: several processes may write at once.
    const std::string part = fmt::format("{}.{}", path, ::getpid());
    {
        const io::Fd fd =
            io::open_file(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
        io::write_all(fd.get(), std::as_bytes(std::span(content.data(), content.size())), path);
    }
    if (::rename(part.c_str(), path.c_str()) != 0) {
        const int why = errno;
        ::unlink(part.c_str());
        throw system_error(why, text::printable(path));
    }
}

} // namespace xenlab::lab
