// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <utility>

namespace xenlab::serial_cli {

/// (rows, columns) of the terminal here, 24 and 80 without one.
std::pair<unsigned, unsigned> terminal_size();

/// Whether read(2) would return at once.
bool readable(int fd);

/// Raw mode on standard input while it lives, if `wanted` and there is a terminal.
class LocalTerminal {
  public:
    explicit LocalTerminal(bool wanted);
    ~LocalTerminal();
    LocalTerminal(const LocalTerminal&) = delete;
    LocalTerminal& operator=(const LocalTerminal&) = delete;
    /// Whether the size has changed since it was asked last.
    bool resized();

  private:
    bool active_ = false;
    std::pair<unsigned, unsigned> size_;
};

} // namespace xenlab::serial_cli
