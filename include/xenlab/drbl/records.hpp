// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of our scripts on a server: "KEY LENGTH\n", so many bytes, "\n", and so on; the last
// record is "end 0". What stands in a record is foreign text of any bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::drbl {

struct Record {
    std::string key; ///< [a-z0-9._]
    std::string text;
};

/// Throws Error{bad_data} for what is no such answer, {unreachable} for one that was cut off.
std::vector<Record> read_records(std::string_view answer);

/// The text of the first record with that key.
std::optional<std::string> find_record(const std::vector<Record>& records, std::string_view key);

} // namespace xenlab::drbl
