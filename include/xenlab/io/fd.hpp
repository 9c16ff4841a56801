// SPDX-License-Identifier: GPL-3.0-or-later
// An owned file descriptor, and the reads and writes on it that handle EINTR and short counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace xenlab::io {

class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    void reset() noexcept;

  private:
    int fd_ = -1;
};

/// open(2) with O_CLOEXEC; throws Error "PATH: No such file or directory".
Fd open_file(const std::string& path, int flags, unsigned mode = 0666);

/// Writes all of `data`; throws Error "NAME: No space left on device", BrokenPipe on EPIPE.
void write_all(int fd, std::span<const std::byte> data, std::string_view name);

/// pread(2) until `buffer` is full or the file ends; returns how much was read.
std::size_t pread_full(int fd, std::uint64_t offset, std::span<std::byte> buffer,
                       std::string_view name);

/// pwrite(2) until all of `data` is in the file; throws Error "NAME: No space left on device".
void pwrite_all(int fd, std::uint64_t offset, std::span<const std::byte> data,
                std::string_view name);

/// Whether both names lead to one file or device. False for what does not exist, and for character
/// devices such as /dev/null.
bool same_file(const std::string& a, const std::string& b);

/// fsync(2) of the directory that holds `path`: makes a rename, creation or removal survive a
/// crash.
void sync_directory_of(const std::string& path);

/// Waits until `fd` can be read (or has ended). Throws Error{interrupted} when `stop` is requested
/// first.
void wait_readable(int fd, const std::stop_token& stop);

} // namespace xenlab::io
