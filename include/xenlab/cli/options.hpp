// SPDX-License-Identifier: GPL-3.0-or-later
// Option declarations that several tools share, and value types that CLI11 does not know.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace xenlab::cli {

/// An option with a fixed set of values; they show in --help and complete by themselves.
CLI::Option* add_choice(CLI::App& app, const std::string& names, std::string& value,
                        const std::vector<std::string>& choices, const std::string& description);

/// "64M", "1G": binary units of bytes.
CLI::Option* add_size(CLI::App& app, const std::string& names, std::uint64_t& bytes,
                      const std::string& description);

/// "500ms", "30s", "5m".
CLI::Option* add_duration(CLI::App& app, const std::string& names, std::chrono::milliseconds& value,
                          const std::string& description);

} // namespace xenlab::cli
