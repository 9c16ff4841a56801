// SPDX-License-Identifier: GPL-3.0-or-later
#include "unix_address.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/transport/unix_listener.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::transport {

sockaddr_un unix_address(const std::string& path)
{
    sockaddr_un address{};
    if (path.empty() || path.find('\0') != std::string::npos)
        throw Error(Errc::usage, "not the path of a socket");
    if (path.size() >= sizeof address.sun_path)
        throw Error(Errc::usage,
                    fmt::format("{}: the path has {} bytes, a socket's may have {}",
                                text::quoted(path), path.size(), sizeof address.sun_path - 1),
                    "choose a shorter path, in /tmp for example");
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    return address;
}

namespace {

io::Fd make_socket()
{
    io::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket)
        throw system_error(errno, "socket");
    return socket;
}

/// sockaddr is the common face of all address types (sockaddr(3type)).
const sockaddr* as_sockaddr(const sockaddr_un& address)
{
    return reinterpret_cast<const sockaddr*>(&address);
}

/// Keeps others that follow the same rule from looking at and replacing the same socket file. The
/// lock is on the folder, so that it leaves nothing behind; it is not worth more than a second of
/// waiting.
io::Fd lock_folder_of(const std::string& path)
{
    const auto folder = std::filesystem::path(path).parent_path();
    io::Fd fd = io::open_file(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY);
    for (int tries = 0; tries < 100 && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return fd;
}

/// Removes the socket that a dead server left behind, or says why not.
void remove_stale(const std::string& path, const sockaddr_un& address)
{
    const std::string shown = text::printable(path);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0)
        throw system_error(errno, shown);
    if (!S_ISSOCK(info.st_mode))
        throw Error(Errc::precondition, fmt::format("{}: exists and is not a socket", shown));
    const io::Fd probe = make_socket();
    if (::connect(probe.get(), as_sockaddr(address), sizeof address) == 0 || errno == EAGAIN)
        throw Error(Errc::precondition, fmt::format("{}: another server answers there", shown));
    if (errno != ECONNREFUSED)
        throw system_error(errno, shown);
    if (::unlink(path.c_str()) != 0)
        throw system_error(errno, shown);
}

} // namespace

UnixListener::UnixListener(const std::string& path) : path_(path), socket_(make_socket())
{
    const sockaddr_un address = unix_address(path);
    const std::string shown = text::printable(path);
    const io::Fd lock = lock_folder_of(path);
    // Linux takes the mode of the file from the socket: no moment in which others may connect, and
    // the process's umask, which other threads share, stays as it is.
    if (::fchmod(socket_.get(), 0600) != 0)
        throw system_error(errno, shown);
    if (::bind(socket_.get(), as_sockaddr(address), sizeof address) != 0) {
        if (errno != EADDRINUSE)
            throw system_error(errno, shown);
        remove_stale(path, address);
        if (::bind(socket_.get(), as_sockaddr(address), sizeof address) != 0)
            throw system_error(errno, shown);
    }
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || ::listen(socket_.get(), 64) != 0) {
        const int error = errno;
        ::unlink(path.c_str());
        throw system_error(error, shown);
    }
    device_ = info.st_dev;
    inode_ = info.st_ino;
}

UnixListener::~UnixListener()
{
    struct stat info {};
    if (::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_)
        ::unlink(path_.c_str());
}

io::Fd UnixListener::accept(const std::stop_token& stop)
{
    for (;;) {
        io::wait_readable(socket_.get(), stop);
        io::Fd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (connection)
            return connection;
        switch (errno) {
        case EAGAIN:
        case EINTR:
        case ECONNABORTED:
            break;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            break;
        default:
            throw system_error(errno, text::printable(path_));
        }
    }
}

} // namespace xenlab::transport
