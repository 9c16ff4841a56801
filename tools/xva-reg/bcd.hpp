// SPDX-License-Identifier: GPL-3.0-or-later
// The boot configuration data of Windows, which is a hive: Objects\{GUID}\Elements\NUMBER with one
// value "Element". Numbers: Microsoft, "BCD Elements" (BcdLibraryElementTypes,
// BcdOSLoaderElementTypes), as bcdedit writes them.
#pragma once

#include <xenlab/registry/hive.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace xva_reg::bcd {

/// "{default}\debug" -> "Objects\{…}\Elements\260000a0"; other paths stay.
std::string resolve(const xenlab::registry::Hive& hive, const std::string& path);

/// Whether a path names an element, whose only value is "Element".
bool is_element(const std::string& path);

struct DebugChoice {
    bool on = true;
    std::optional<std::uint64_t> port;
    std::optional<std::uint64_t> baud;
};

/// Kernel debugging over a serial port, of the default system. An object for the settings is made
/// if need be.
void set_debug(xenlab::registry::Hive& hive, const DebugChoice& choice);

/// "minimal", "network", "dsrepair", "off".
void set_safeboot(xenlab::registry::Hive& hive, const std::string& mode);

} // namespace xva_reg::bcd
