// SPDX-License-Identifier: GPL-3.0-or-later
#include "local_terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace xenlab::serial_cli {
std::pair<unsigned, unsigned> terminal_size()
{
    winsize size{};
    if (::ioctl(0, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        return {24, 80};
    return {size.ws_row, size.ws_col};
}

bool readable(int fd)
{
    pollfd state{fd, POLLIN, 0};
    return ::poll(&state, 1, 0) > 0;
}

LocalTerminal::LocalTerminal(bool wanted) : raw_(wanted), size_(terminal_size()) {}

bool LocalTerminal::resized()
{
    return raw_.active() && std::exchange(size_, terminal_size()) != size_;
}

} // namespace xenlab::serial_cli
