// SPDX-License-Identifier: GPL-3.0-or-later
// Who made this: what a tool puts on temporary objects and blocked operations of a pool, so that
// `xvm reap` can tell what was left behind by a run that died from what a live one still needs.
//
//   other_config[lab::mark_key] = lab::own_mark().text();          // snapshots, VDIs, VMs
//   blocked_operations["start"] = lab::own_mark().reason("its disk is being written");
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xenlab::lab {

/// The key in other_config of whatever exists only while a tool works.
inline constexpr std::string_view mark_key = "xenlab:run";

/// A run of a tool, "xva-put@client.4711.1795644845": program, machine, process, start (Unix
/// time). Plain data.
struct Mark {
    std::string tool, machine;
    std::int64_t process = 0;
    std::int64_t started = 0;

    [[nodiscard]] std::string text() const;
    /// For VM.blocked_operations: "xenlab:run=MARK: WORDS".
    [[nodiscard]] std::string reason(std::string_view words) const;
    bool operator==(const Mark&) const = default;
};

/// The mark of this process; the same each time.
const Mark& own_mark();

/// The mark in a value of other_config or in a reason; nothing when there is none. Foreign text is
/// fine: names with other characters than [A-Za-z0-9._-] are no mark.
std::optional<Mark> parse_mark(std::string_view text);

enum class Alive {
    yes,    ///< the process runs, here
    no,     ///< it ran here and does not any more
    unknown ///< it ran, or runs, on another machine
};
Alive alive(const Mark& mark);

} // namespace xenlab::lab
