// SPDX-License-Identifier: GPL-3.0-or-later
// The value of hvm_serial: what QEMU's -serial gets (xapi.md 3.7). xapi passes it on as it is, and
// QEMU lives in a network namespace of its own unless the value begins with "tcp".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xvm {

struct SerialValue {
    std::string value;                 ///< as it is stored
    std::vector<std::string> warnings; ///< printable words
    std::string host;                  ///< of tcp
    std::optional<std::uint16_t> port; ///< of tcp
    bool listens = false;              ///< tcp with "server"
    bool counts_up = false;            ///< "PORT+": the first free port from there on
};

/// "pty", "none", "null", "stdio" is refused, "file:PATH", "tcp:[HOST]:PORT[,server][,…]". Adds
/// what a server needs so that QEMU does not wait for a client before it boots. Throws Error{usage}
/// for what QEMU could not reach or would not take.
SerialValue parse_serial(std::string_view text);
/// The same with another port.
SerialValue with_port(const SerialValue& serial, std::uint16_t port);

} // namespace xvm
