// SPDX-License-Identifier: GPL-3.0-or-later
// libext2fs, libntfs-3g and libhivex are written in C and read what a hostile guest wrote. Should
// one of them crash on it, a tool ends with words and the status for damaged data. Nothing has been
// written then: changes are committed when the libraries are closed.
#pragma once

#include <string_view>

namespace xenlab::fs {

/// For the main() of a tool, not for a library: takes SIGSEGV, SIGBUS, SIGFPE and SIGABRT while one
/// of these libraries is open, and passes them on otherwise. `tool` must live as long as the
/// process.
void guard_against_crashes(std::string_view tool);

/// One for each open handle of such a library.
class ForeignCode {
  public:
    ForeignCode() noexcept;
    ~ForeignCode();
    ForeignCode(const ForeignCode&) = delete;
    ForeignCode& operator=(const ForeignCode&) = delete;
};

} // namespace xenlab::fs
