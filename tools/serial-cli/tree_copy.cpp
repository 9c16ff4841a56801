// SPDX-License-Identifier: GPL-3.0-or-later
#include "tree_copy.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

namespace fs = std::filesystem;
using serial::Op;
using serial::Tag;

/// True when every component is a plain name.
bool is_plain(const std::string& relative)
{
    for (const std::string_view part : text::split(relative, '/'))
        if (part.empty() || part == "." || part == ".." ||
            part.find('\0') != std::string_view::npos || part.size() > 255)
            return false;
    return true;
}

std::string parent_of(const std::string& relative)
{
    const std::size_t slash = relative.rfind('/');
    return slash == std::string::npos ? "" : relative.substr(0, slash);
}

/// Creates a folder or takes one that is there; a symbolic link is not followed out of the tree.
void enter_folder(const std::string& path, bool root)
{
    struct stat info {};
    if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST)
        throw system_error(errno, text::printable(path));
    const int looked = root ? ::stat(path.c_str(), &info) : ::lstat(path.c_str(), &info);
    if (looked != 0 || !S_ISDIR(info.st_mode))
        throw Error(Errc::failed,
                    fmt::format("{}: exists and is no directory", text::printable(path)));
}

void refuse_hostile(const std::vector<GuestEntry>& entries)
{
    std::set<std::string> folders{""}, seen;
    for (const GuestEntry& entry : entries) {
        if (entry.path.empty())
            continue;
        if (!is_plain(entry.path) || !folders.contains(parent_of(entry.path)) ||
            !seen.insert(entry.path).second)
            throw Error(
                Errc::bad_data,
                fmt::format("the guest lists an impossible path: {}", text::quoted(entry.path)),
                "nothing was copied");
        if (entry.kind == 'd')
            folders.insert(entry.path);
    }
}

void dress_guest_folder(Client& client, const std::string& local, const std::string& guest)
{
    struct stat info {};
    if (::stat(local.c_str(), &info) != 0 || info.st_mtim.tv_sec < 0)
        return;
    const auto mtime = static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000U +
                       static_cast<std::uint64_t>(info.st_mtim.tv_nsec);
    request_done(client, Op::mkdir,
                 serial::Message()
                     .add(Tag::path, guest)
                     .add_u32(Tag::mode, info.st_mode & 07777U)
                     .add_u64(Tag::mtime, mtime));
}

void dress_folder(const std::string& path, const GuestEntry& entry)
{
    const io::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const timespec time{static_cast<time_t>(entry.mtime / 1'000'000'000U),
                        static_cast<long>(entry.mtime % 1'000'000'000U)};
    const std::array<timespec, 2> times{time, time};
    if (!fd || ::futimens(fd.get(), times.data()) != 0 ||
        ::fchmod(fd.get(), entry.mode & 0777U) != 0)
        throw system_error(errno, text::printable(path));
}

/// Files that were there when the folder was read, and not when their turn came.
class Vanished {
  public:
    template <typename Copy>
    void copy(Client& client, const std::string& name, const Copy& one)
    {
        try {
            one();
        } catch (const Error& error) {
            if (error.code() != Errc::not_found)
                throw;
            client.context().warning(fmt::format("{}: has vanished", text::printable(name)));
            ++count_;
        }
    }
    void tell() const
    {
        if (count_ > 0)
            throw Error(Errc::failed,
                        fmt::format("{} of the files vanished before they were copied", count_));
    }

  private:
    unsigned count_ = 0;
};

} // namespace

std::string safe_name(const std::string& guest_path)
{
    std::string path = guest_path;
    std::ranges::replace(path, '\\', '/');
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    std::string name = path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
    if (!is_plain(name))
        throw Error(Errc::usage,
                    fmt::format("{}: has no name to give to the copy", text::quoted(guest_path)),
                    "name a file as the destination");
    return name;
}

void put_tree(Client& client, const std::string& local, const std::string& guest,
              const CopyOptions& options)
{
    std::error_code failed;
    if (!fs::is_directory(local, failed)) {
        put_file(client, local, guest, options);
        return;
    }
    const auto make = [&](const std::string& to) {
        request_done(client, Op::mkdir,
                     serial::Message().add(Tag::path, to).add_u32(Tag::mode, 0777));
    };
    make(guest);
    std::vector<fs::path> all;
    for (auto it = fs::recursive_directory_iterator(local, failed);
         !failed && it != fs::recursive_directory_iterator(); it.increment(failed))
        all.push_back(it->path());
    if (failed)
        throw Error(Errc::failed, fmt::format("{}: {}", text::printable(local), failed.message()));
    Vanished gone;
    std::ranges::sort(all); // a folder comes before what is in it
    for (const fs::path& path : all) {
        const std::string to = guest + "/" + path.lexically_relative(local).generic_string();
        if (fs::is_symlink(path))
            request_done(client, Op::link,
                         serial::Message()
                             .add(Tag::path, to)
                             .add(Tag::target, fs::read_symlink(path).string()));
        else if (fs::is_directory(path))
            make(to);
        else if (fs::is_regular_file(path, failed) || !fs::exists(path, failed))
            gone.copy(client, path.string(), [&] { put_file(client, path.string(), to, options); });
        else
            client.context().warning(
                fmt::format("{}: not a file, left out", text::printable(path.string())));
    }
    if (!options.keep)
        return gone.tell();
    // Only now: a folder may be read-only, and what comes into it changes its time.
    for (auto path = all.rbegin(); path != all.rend(); ++path)
        if (fs::is_directory(*path) && !fs::is_symlink(*path))
            dress_guest_folder(client, path->string(),
                               guest + "/" + path->lexically_relative(local).generic_string());
    dress_guest_folder(client, local, guest);
    gone.tell();
}

void get_tree(Client& client, const std::string& guest, const std::string& local,
              const CopyOptions& options)
{
    const std::vector<GuestEntry> entries = list_guest(client, guest);
    if (entries.empty() || entries.front().kind != 'd') {
        get_file(client, guest, local, options);
        return;
    }
    refuse_hostile(entries);
    enter_folder(local, true);
    Vanished gone;
    for (const GuestEntry& entry : entries) {
        const std::string to = local + "/" + entry.path;
        if (entry.path.empty())
            continue;
        if (entry.kind == 'd')
            enter_folder(to, false);
        else if (entry.kind == 'f')
            gone.copy(client, entry.path,
                      [&] { get_file(client, guest + "/" + entry.path, to, options); });
        else if (entry.kind != 'l')
            client.context().warning(
                fmt::format("{}: not a file, left out", text::printable(entry.path)));
    }
    // Links come last, so that nothing is written through one; folders get their times at the end.
    for (const GuestEntry& entry : entries) {
        const std::string to = local + "/" + entry.path;
        if (entry.kind != 'l')
            continue;
        struct stat info {};
        if (::lstat(to.c_str(), &info) == 0 && S_ISLNK(info.st_mode))
            ::unlink(to.c_str());
        if (::symlink(entry.target.c_str(), to.c_str()) != 0)
            throw system_error(errno, text::printable(to));
    }
    for (auto entry = entries.rbegin(); options.keep && entry != entries.rend(); ++entry)
        if (entry->kind == 'd' && !entry->path.empty())
            dress_folder(local + "/" + entry->path, *entry);
    gone.tell();
}

} // namespace xenlab::serial_cli
