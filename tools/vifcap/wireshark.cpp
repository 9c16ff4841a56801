// SPDX-License-Identifier: GPL-3.0-or-later
#include "wireshark.hpp"

#include <xenlab/base/error.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <spawn.h>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

extern char** environ;

namespace vifcap {

using namespace xenlab;
using namespace std::chrono_literals;

std::unique_ptr<Wireshark> start_wireshark()
{
    const bool display =
        std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr;
    if (!display)
        throw Error(Errc::usage, "packets are not written to a terminal",
                    "write to a file with -w, or into a pipe: | tshark -r -");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw system_error(errno, "pipe");
    const io::Fd reading(ends[0]);
    io::Fd writing(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, reading.get(), STDIN_FILENO);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    // A group of its own: Ctrl-C here ends the capture, not what was captured.
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    std::array<std::string, 4> words{"wireshark", "-k", "-i", "-"};
    const std::array<char*, 5> argv{words[0].data(), words[1].data(), words[2].data(),
                                    words[3].data(), nullptr};
    pid_t child = 0;
    const int error =
        ::posix_spawnp(&child, "wireshark", &actions, &attributes, argv.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        throw Error(Errc::failed, system_error(error, "wireshark").what(),
                    "install Wireshark, or write to a file with -w");
    return std::make_unique<Wireshark>(std::move(writing));
}

io::Fd open_fifo(const std::string& path, const std::stop_token& stop)
{
    const auto end = std::chrono::steady_clock::now() + 10s;
    for (;;) {
        io::Fd fifo(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        if (fifo)
            return fifo;
        if (errno != ENXIO || std::chrono::steady_clock::now() > end)
            throw system_error(errno, path);
        if (stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        std::this_thread::sleep_for(20ms);
    }
}

} // namespace vifcap
