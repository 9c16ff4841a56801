// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <xenlab/cli/raw_terminal.hpp>

#include <utility>

namespace xenlab::serial_cli {

/// (rows, columns) of the terminal here, 24 and 80 without one.
std::pair<unsigned, unsigned> terminal_size();

/// Whether read(2) would return at once.
bool readable(int fd);

/// Raw mode, if `wanted`, and the size of the terminal.
class LocalTerminal {
  public:
    explicit LocalTerminal(bool wanted);
    /// Whether the size has changed since it was asked last.
    bool resized();

  private:
    cli::RawTerminal raw_;
    std::pair<unsigned, unsigned> size_;
};

} // namespace xenlab::serial_cli
