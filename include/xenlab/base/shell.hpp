// SPDX-License-Identifier: GPL-3.0-or-later
// The one place that knows how text becomes a word of a POSIX shell (here or on a remote host).
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace xenlab::text {

/// `word` as exactly one word of sh(1), whatever bytes it holds: unchanged when it is made of
/// letters, digits and %+,-./:@_ only, else in single quotes (POSIX.1-2017, XCU 2.2.2). An empty
/// word becomes ''. Throws Error{usage} for a NUL byte, which no command line can carry.
/// A word that may begin with "-" still needs "--" in front, which is the caller's business.
std::string shell_word(std::string_view word);

/// The words of a command, quoted and joined by blanks: {"cat", "--", "a b"} -> cat -- 'a b'.
std::string shell_command(std::span<const std::string> words);
std::string shell_command(std::initializer_list<std::string_view> words);

} // namespace xenlab::text
