// SPDX-License-Identifier: GPL-3.0-or-later
// The transaction logs of hives (HIVE.LOG, .LOG1, .LOG2): what Windows applies when it loads a hive
// that was not written completely. Formats: M. Suhanov, "Windows registry file format
// specification" (github.com/msuhanov/regf), "Format of transaction log files".
#pragma once

#include <xenlab/bytes/endian.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xenlab::registry {

/// Whether the base block says that the hive was not written completely. Throws Error{bad_data} for
/// what is no hive.
bool is_dirty(bytes::View hive);

struct LogResult {
    std::size_t entries = 0; ///< applied; the old format has one
    std::size_t pages = 0;
    bool rebuilt = false; ///< the base block came from a log
};

/// Applies the logs to a dirty hive, which then is clean. Logs that do not belong to it, or hold
/// nothing new, are passed over; what follows a damaged entry is not applied, as in Windows.
/// Without entries and rebuilt the hive is as it was: still dirty. Throws Error{bad_data} when the
/// base block is damaged and no log has it.
LogResult apply_logs(std::vector<std::byte>& hive, const std::vector<std::vector<std::byte>>& logs);

/// Marvin32 of SymCrypt with the registry's seed, which checks log entries.
std::uint64_t marvin32(bytes::View data);

/// XOR of the first 127 words of a base block, never 0 or ~0.
std::uint32_t base_checksum(bytes::View base);

} // namespace xenlab::registry
