// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal on standard input without line editing and signals, for a guest's console.
#pragma once

namespace xenlab::cli {

/// Raw mode while it lives, if `wanted` and if there is a terminal. The old mode comes back with
/// its end and when a second signal kills the process; what was typed or answered by the terminal
/// and not read is dropped then, so that it does not end up in a shell. One at a time.
class RawTerminal {
  public:
    explicit RawTerminal(bool wanted);
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

    [[nodiscard]] bool active() const noexcept { return active_; }

    /// Puts the old mode back, if raw mode is on; for whoever is about to end the process. Safe in
    /// any thread.
    static void restore() noexcept;

  private:
    bool active_ = false;
};

} // namespace xenlab::cli
