// SPDX-License-Identifier: GPL-3.0-or-later
// The one exception type that leaves the library, and the one table from failures to exit codes.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace xenlab {

/// What kind of failure it was. The numbers are the exit codes of xenlab-exit-codes(7).
enum class Errc : int {
    failed = 1,       ///< the operation failed, or the answer is "no"
    usage = 2,        ///< the command line is wrong
    not_found = 3,    ///< no such VM, file, path, image
    ambiguous = 4,    ///< several objects match, or a confirmation is needed
    unreachable = 5,  ///< cannot connect, log in or trust the peer
    precondition = 6, ///< wrong state for the operation
    bad_data = 7,     ///< damaged, truncated or foreign data
    partial = 8,      ///< some targets of a batch failed
    timeout = 124,    ///< a deadline passed
    interrupted =
        130 ///< a stop was requested (SIGINT, SIGTERM); cli::run dies of that signal instead
};

int exit_code(Errc code) noexcept;

/// The word for `code` in error documents: "not-found", "bad-data"…
std::string_view kind_of(Errc code) noexcept;

/// A failure with words for the user. The message says what failed and where, without a trailing
/// full stop; the hint says what can be done about it. Text from a peer must have gone through
/// text::printable or text::quoted. Never holds secrets.
class Error : public std::runtime_error {
  public:
    Error(Errc code, const std::string& message, std::string hint = {});

    [[nodiscard]] Errc code() const noexcept { return code_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

    /// The same failure with a place in front: "web1.xva: Ref:2/00000003: truncated".
    [[nodiscard]] Error within(std::string_view where) const;
    [[nodiscard]] Error with_hint(std::string hint) const;

  private:
    Errc code_;
    std::string hint_;
};

/// The Error for a failed system call: message "WHAT: strerror(errno_value)".
Error system_error(int errno_value, std::string_view what);

/// Thrown when writing to a pipe whose reader has gone; cli::run then dies of SIGPIPE, silently.
class BrokenPipe : public Error {
  public:
    explicit BrokenPipe(std::string_view what);
};

} // namespace xenlab
