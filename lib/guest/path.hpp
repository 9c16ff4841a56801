// SPDX-License-Identifier: GPL-3.0-or-later
// Guest paths as text.
#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace xenlab::guest {

/// "a//b/./c" -> a, b, c. ".." stays.
std::deque<std::string> split_path(std::string_view path);

bool has_pattern(std::string_view name) noexcept;

/// *, ?, [a-z], [!a]; "\" before a character takes it as it is. A leading dot must be matched by a
/// dot. `fold`: without regard to case.
bool matches(std::string_view pattern, std::string_view name, bool fold);

/// "C:/x" -> true
bool starts_with_letter(std::string_view path) noexcept;

} // namespace xenlab::guest
