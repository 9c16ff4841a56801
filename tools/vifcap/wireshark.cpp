// SPDX-License-Identifier: GPL-3.0-or-later
#include "wireshark.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/io/process.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

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
    try { // a group of its own: Ctrl-C here ends the capture, not what was captured
        io::start_process("wireshark", {"wireshark", "-k", "-i", "-"},
                          {.in = reading.get(), .group = io::ProcessOptions::Group::own});
    } catch (const Error& error) {
        throw Error(error.code(), error.what(), "install Wireshark, or write to a file with -w");
    }
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
