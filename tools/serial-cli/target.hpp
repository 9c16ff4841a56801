// SPDX-License-Identifier: GPL-3.0-or-later
// Where a serial port is: what -t says.
#pragma once

#include <xenlab/io/fd.hpp>

#include <cstdint>
#include <stop_token>
#include <string>

namespace xenlab::serial_cli {

struct Target {
    enum class Kind { tcp, unix_socket, terminal, vm };
    Kind kind = Kind::tcp;
    std::string text;       ///< as it was given, made canonical: names the broker
    std::string host;       ///< tcp
    std::uint16_t port = 0; ///< tcp
    std::string path;       ///< unix_socket, terminal
    std::string vm;         ///< vm: name or uuid
    std::string pool;       ///< vm: the pool that was named, for names mean nothing without it
};

/// "HOST:PORT", "[V6]:PORT", "unix:PATH", "pty:PATH", "vm:NAME". Throws Error{usage}.
Target parse_target(const std::string& text);

struct OpenedLine {
    io::Fd fd;                  ///< does not block
    std::string where;          ///< what was found behind the target; printable
    bool small_buffers = false; ///< the console of a PV guest
};

/// Connects within ten seconds, but not to a VM (vm_line.hpp). Throws Error: unreachable,
/// not_found, timeout, interrupted.
OpenedLine open_line(const Target& target, const std::stop_token& stop);

/// The folder for sockets, of this user only. Throws Error when somebody else could write to it.
std::string runtime_folder();
/// Where logs are kept: $XDG_STATE_HOME/xenlab/serial.
std::string state_folder();
/// A file name made of the target, for sockets and logs.
std::string file_name_of(const Target& target);

} // namespace xenlab::serial_cli
