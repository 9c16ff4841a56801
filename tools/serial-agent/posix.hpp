// SPDX-License-Identifier: GPL-3.0-or-later
// What the POSIX parts share.
#pragma once

#include "platform.hpp"

#include <utility>

#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

namespace xenlab::agent {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }
    void close() noexcept
    {
        if (fd_ >= 0)
            ::close(fd_);
        fd_ = -1;
    }
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

/// Readable after a child ended.
int child_signal_fd();
void add_child_polls(std::vector<pollfd>& polls, const ChildInterest& interest);
/// Kills the process, what descends from it, its session, and whatever carries the mark.
void kill_process_tree(pid_t root, const std::string& mark);

struct Account {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
    std::string name, home, shell;
};
/// Reads /etc/passwd and /etc/group itself: name services cannot be linked statically.
std::optional<Account> find_account(const std::string& name);

} // namespace xenlab::agent
