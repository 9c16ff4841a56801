// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/cli/raw_terminal.hpp>

#include <atomic>

#include <termios.h>
#include <unistd.h>

namespace xenlab::cli {
namespace {

/// The one terminal of the process has one old mode.
termios& saved_mode()
{
    static termios mode{};
    return mode;
}

std::atomic<bool>& is_raw()
{
    static std::atomic<bool> raw{false};
    return raw;
}

} // namespace

RawTerminal::RawTerminal(bool wanted)
{
    if (!wanted || ::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &saved_mode()) != 0)
        return;
    termios raw = saved_mode();
    ::cfmakeraw(&raw);
    active_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
    is_raw() = active_;
}

RawTerminal::~RawTerminal()
{
    restore();
}

void RawTerminal::restore() noexcept
{
    if (is_raw().exchange(false))
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_mode());
}

} // namespace xenlab::cli
