// SPDX-License-Identifier: GPL-3.0-or-later
// Where the serial port of a VM leads: hvm_serial, which is what QEMU's -serial gets (xapi.md 3.7).
#pragma once

#include <xenlab/xapi/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::lab {

inline constexpr std::string_view serial_key = "hvm_serial";

/// What counts at the next start of the VM: platform wins over other_config.
struct SerialSetting {
    std::string value = "pty";
    std::string from = "default";
};
SerialSetting serial_setting(const xapi::Vm& vm);

/// False for PV and PVH guests, which have a console instead.
bool has_serial_port(const xapi::Vm& vm);

/// "tcp:HOST:PORT,option,…"; the host may be empty or an IPv6 address in brackets.
struct SerialTcp {
    std::string host, port;
    std::vector<std::string_view> options;
    [[nodiscard]] bool listens() const;
};
/// Borrows `value`.
std::optional<SerialTcp> split_serial_tcp(std::string_view value);
/// The port on which a stored value listens.
std::optional<std::uint16_t> serial_listening_port(std::string_view value);

} // namespace xenlab::lab
