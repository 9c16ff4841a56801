// SPDX-License-Identifier: GPL-3.0-or-later
// The metadata text of LVM2: nested sections of NAME = VALUE.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::partition {

struct LvmEntry;

struct LvmSection {
    using Value = std::string; ///< a number or a string, without its quotes
    std::map<std::string, std::vector<Value>> values;
    std::vector<LvmEntry> sections; ///< in order

    [[nodiscard]] const LvmSection* section(std::string_view name) const;
    [[nodiscard]] std::string text(const std::string& name) const;
    [[nodiscard]] std::optional<std::uint64_t> number(const std::string& name) const;
};

struct LvmEntry {
    std::string name;
    LvmSection section;
};

/// Throws Error{bad_data}.
LvmSection parse_lvm_text(std::string_view text);

} // namespace xenlab::partition
