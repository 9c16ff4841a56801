// SPDX-License-Identifier: GPL-3.0-or-later
// A unix socket that others of the same user may connect to.
#pragma once

#include <xenlab/io/fd.hpp>

#include <stop_token>
#include <string>

#include <sys/types.h>

namespace xenlab::transport {

/// Owns the socket and its file (mode 0600), which is removed when the listener goes away, unless
/// somebody else has put another file there. One thread at a time.
class UnixListener {
  public:
    /// Replaces a socket file that nobody listens on any more. Throws Error: precondition when a
    /// server answers there or the file is something else, usage when the path is too long for a
    /// socket.
    explicit UnixListener(const std::string& path);
    ~UnixListener();
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;

    /// The next connection; throws Error{interrupted} when `stop` is requested. A shortage of
    /// descriptors or memory is waited out.
    io::Fd accept(const std::stop_token& stop);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
    io::Fd socket_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

} // namespace xenlab::transport
