// SPDX-License-Identifier: GPL-3.0-or-later
// A login prompt or a shell on the port, typed into like by a person: for guests without an agent.
#pragma once

#include "client.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace xenlab::serial_cli {

/// 'text' with what a POSIX shell would see in it made harmless.
std::string shell_quoted(std::string_view text);

/// Output is taken from between marks that are made up anew for each command and that never stand
/// in what is typed, so that an echo cannot be taken for an answer. There is no checksum on this
/// way but for put().
class Shell {
  public:
    explicit Shell(Client& client);
    /// Logs out if it has logged in.
    ~Shell();
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;

    /// Finds a shell prompt, or logs in. Throws Error: unreachable when nobody is there or the
    /// password is wrong.
    void log_in(const std::string& user, const std::string& password_file);

    struct Result {
        std::string out, err;
        std::uint32_t code = 0;
        bool timed_out = false;
    };
    Result run(const std::string& command, std::chrono::milliseconds limit);

    /// A small file in pieces of base64, checked with SHA-256 (or cksum) in the guest. Throws
    /// Error{bad_data}.
    void put(View content, const std::string& path,
             const std::function<void(std::size_t)>& progress);

    /// The terminal of the guest that this port is: "/dev/ttyS0".
    std::string terminal();
    /// Leaves the shell as it is instead of logging out.
    void stay() { logged_in_ = false; }

  private:
    void type(std::string_view text);
    /// What came until one of the words did, that included.
    std::string wait(const std::vector<std::string>& words, std::chrono::milliseconds limit,
                     std::size_t* which = nullptr);
    void prepare();
    std::string fresh_mark();

    Client& client_;
    std::string heard_;
    bool logged_in_ = false;
};

} // namespace xenlab::serial_cli
