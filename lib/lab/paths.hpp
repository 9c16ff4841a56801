// SPDX-License-Identifier: GPL-3.0-or-later
// Files of our own outside of what the user names.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace xenlab::lab {

std::string home_dir();
/// "~/x" with the home folder in place.
std::string expand_home(const std::string& path);
/// "session-root@xen1.lab-1a2b3c4d": readable, safe and different for different keys.
std::string file_name_for(std::string_view kind, std::string_view key);
/// The content of a file that is ours, private and not larger than `most`; else nothing.
std::optional<std::string> read_private(const std::string& path, std::size_t most);
/// Replaces a file at once, mode 0600. Throws Error.
void write_private(const std::string& path, std::string_view content);

} // namespace xenlab::lab
