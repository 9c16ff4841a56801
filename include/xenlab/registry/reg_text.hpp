// SPDX-License-Identifier: GPL-3.0-or-later
// The text of .reg files (regedit's "Windows Registry Editor Version 5.00" and REGEDIT4), and of
// single values.
#pragma once

#include <xenlab/registry/hive.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace xenlab::registry {

/// What a .reg file does to a value; and to a key.
struct ValueEdit {
    Value value;
    bool remove = false; ///< "name"=-
};

struct KeyEdit {
    std::string key;     ///< as written: "HKEY_LOCAL_MACHINE\SYSTEM\…"
    bool remove = false; ///< [-key]
    std::vector<ValueEdit> values;
};

/// The whole text: UTF-16LE with its mark, or UTF-8. Throws Error{bad_data} with the number of the
/// line.
std::vector<KeyEdit> parse_reg(std::string_view file);

/// The line and blank line that every such file begins with.
std::string reg_header();
/// "[KEY]" and its values, "\r\n" at the ends of lines.
std::string format_key(const std::string& path, const std::vector<Value>& values);
/// UTF-8 text as regedit wants it.
std::string to_utf16_with_mark(std::string_view text);

/// "dword:1", "sz:text", "multi_sz:a|b", "expand_sz:…", "qword:…", "bool:1" (BCD), "hex:00,ff",
/// "hex(7):…", "none:". Throws Error{usage}.
Value parse_value(const std::string& name, std::string_view text);

/// "REG_SZ", "REG_DWORD", … or the number.
std::string name_of_type(std::uint32_t type);
/// For people: text as text, numbers as numbers, other data as hex.
std::string shown_data(const Value& value);

std::string text_of(const Value& value);
std::vector<std::byte> utf16_bytes(std::string_view text, bool end_with_nul);

} // namespace xenlab::registry
