// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/io/fd.hpp>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xenlab::io {

Fd& Fd::operator=(Fd&& other) noexcept
{
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Fd::reset() noexcept
{
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

Fd open_file(const std::string& path, int flags, unsigned mode)
{
    for (;;) {
        Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
        if (fd)
            return fd;
        if (errno != EINTR)
            throw system_error(errno, path);
    }
}

void write_all(int fd, std::span<const std::byte> data, std::string_view name)
{
    while (!data.empty()) {
        const ssize_t n = ::write(fd, data.data(), data.size());
        if (n >= 0) {
            data = data.subspan(static_cast<std::size_t>(n));
        } else if (errno == EPIPE) {
            throw BrokenPipe(name);
        } else if (errno == EAGAIN) {
            pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
            ::poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            throw system_error(errno, name);
        }
    }
}

std::size_t pread_full(int fd, std::uint64_t offset, std::span<std::byte> buffer,
                       std::string_view name)
{
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t n = ::pread(fd, buffer.data() + done, buffer.size() - done,
                                  static_cast<off_t>(offset + done));
        if (n == 0)
            break;
        if (n > 0)
            done += static_cast<std::size_t>(n);
        else if (errno != EINTR)
            throw system_error(errno, name);
    }
    return done;
}

void pwrite_all(int fd, std::uint64_t offset, std::span<const std::byte> data,
                std::string_view name)
{
    while (!data.empty()) {
        const ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
        if (n >= 0) {
            data = data.subspan(static_cast<std::size_t>(n));
            offset += static_cast<std::size_t>(n);
        } else if (errno != EINTR) {
            throw system_error(errno, name);
        }
    }
}

bool same_file(const std::string& a, const std::string& b)
{
    struct stat first {};
    struct stat second {};
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
           !S_ISCHR(first.st_mode);
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

namespace {

// A stop_token as something poll(2) can wait for.
class StopEvent {
  public:
    explicit StopEvent(const std::stop_token& stop)
        : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, Wake{event_.get()})
    {
        if (!event_)
            throw system_error(errno, "eventfd");
    }
    [[nodiscard]] int fd() const { return event_.get(); }

  private:
    struct Wake {
        int fd;
        void operator()() const noexcept { ::eventfd_write(fd, 1); }
    };
    Fd event_;
    std::stop_callback<Wake> callback_;
};

} // namespace

void wait_readable(int fd, const std::stop_token& stop)
{
    std::array<pollfd, 2> wait{pollfd{.fd = fd, .events = POLLIN, .revents = 0},
                               pollfd{.fd = -1, .events = POLLIN, .revents = 0}};
    if (::poll(wait.data(), 1, 0) > 0 && !stop.stop_requested())
        return; // the usual case, without an eventfd
    const StopEvent stopped(stop);
    wait[1].fd = stopped.fd();
    while (!stop.stop_requested()) {
        const int n = ::poll(wait.data(), wait.size(), -1);
        if (n < 0 && errno != EINTR)
            throw system_error(errno, "poll");
        if (n > 0 && wait[0].revents != 0 && wait[1].revents == 0)
            return;
    }
    throw Error(Errc::interrupted, "interrupted");
}

} // namespace xenlab::io
