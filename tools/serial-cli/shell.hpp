// SPDX-License-Identifier: GPL-3.0-or-later
// A login prompt or a shell on the port, typed into like by a person: for guests without an agent.
#pragma once

#include "client.hpp"
#include "typed_text.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace xenlab::cli {
class OptionSet;
}

namespace xenlab::serial_cli {

/// How to come into a guest that may have no agent.
struct Login {
    std::string user, file, through = "auto";
};
/// `user`: what the user is for, in words.
void declare_login(cli::OptionSet& set, Login& login, const char* user);

/// True when an agent answers; false when the shell is to be typed into. Throws what attach()
/// throws when there is no login to try.
bool attach_or_shell(Client& client, const Login& login);

/// Output is taken from between marks that are made up anew for each command and that never stand
/// in what is typed, so that an echo cannot be taken for an answer. What is typed carries a
/// checksum that the guest checks before anything is done, and what it has not taken is typed
/// again (shell_commands.cpp). What the guest prints has no checksum but for put() and get().
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
        bool damaged = false; ///< marks were lost on the line, and so perhaps output
    };
    /// Runs the command once, however often it has to be typed.
    Result run(const std::string& command, std::chrono::milliseconds limit);

    static constexpr std::size_t largest_copy = 16U << 20U;
    using Progress = std::function<void(std::size_t)>;
    /// A small file in pieces of base64, checked with SHA-256 (or cksum) in the guest. Throws
    /// Error{bad_data}.
    void put(View content, const std::string& path, const Progress& progress);
    /// The other way; pieces that came damaged are asked for again.
    Buffer get(const std::string& path, const Progress& progress);

    /// The terminal of the guest that this port is: "/dev/ttyS0".
    std::string terminal();
    /// Leaves the shell as it is instead of logging out.
    void stay() { logged_in_ = false; }

  private:
    /// XON, as a greeting of the broker may have held XOFF, and ctrl-u: what is half typed goes
    /// away.
    static constexpr const char* fresh_line = "\x11\x15";
    static constexpr std::string_view our_prompt = "XL# ";
    void type(std::string_view text);
    /// What came until one of the words did, that included.
    std::string wait(const std::vector<std::string>& words, std::chrono::milliseconds limit,
                     std::size_t* which = nullptr);
    /// The same; nothing instead of Error{timeout}.
    std::optional<std::string> heard(const std::vector<std::string>& words,
                                     std::chrono::milliseconds limit, std::size_t* which);
    std::optional<std::string> answer_to(const std::string& line,
                                         const std::vector<std::string>& words, std::size_t* which);
    bool find_prompt();
    void give_name(const std::string& user, const std::string& password);
    /// False when there is no shell but a login prompt.
    bool prepare();
    void define_functions();
    /// Types a line until the guest answers with `answer`; text of the answer's line after it.
    [[nodiscard]] std::chrono::milliseconds patience_with(std::size_t size, int tries) const;
    std::string type_until(const std::string& line, const std::string& answer);
    void type_command(const std::string& mark, const std::string& command);
    bool start(const std::string& mark, Result& result);
    void finish(const std::string& mark, std::chrono::milliseconds limit, Result& result);
    std::optional<std::uint32_t> ask_code(const std::string& mark);

    Client& client_;
    std::string heard_;
    TypedSum sum_ = TypedSum::cksum;
    std::string sum_text_;                             // of the command that is being started
    std::optional<std::chrono::milliseconds> slowest_; // of the answers so far
    bool logged_in_ = false;
};

} // namespace xenlab::serial_cli
