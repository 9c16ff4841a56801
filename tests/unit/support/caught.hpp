// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <xenlab/io/fd.hpp>

#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace xenlab::test {

/// Puts a file in the place of a standard stream for its lifetime.
class Caught {
  public:
    Caught(int fd, const std::string& path) : fd_(fd), saved_(::fcntl(fd, F_DUPFD_CLOEXEC, 10))
    {
        const io::Fd file = io::open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
        ::dup2(file.get(), fd);
    }
    ~Caught() { ::dup2(saved_.get(), fd_); }
    Caught(const Caught&) = delete;
    Caught& operator=(const Caught&) = delete;

  private:
    int fd_;
    io::Fd saved_;
};

} // namespace xenlab::test
