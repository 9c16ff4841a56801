// SPDX-License-Identifier: GPL-3.0-or-later
// Where a chunk's bytes belong on its disk. The number in the name is not the offset: xapi's
// importer (ocaml/xapi/stream_vdi.ml, recv_all_vdi) keeps a running offset, takes a step in the
// numbers as skipped zero chunks, and then moves on by the length of the entry. Zero-length
// keep-alive entries (written when nothing else was sent for five seconds) take a number and no
// space, so later numbers run ahead.
#pragma once

#include <cstdint>
#include <optional>

namespace xenlab::xva {

/// The position of one disk's next chunk. `unit`, the size of a skipped chunk, is the length of the
/// first chunk in the archive, whichever disk it belongs to.
class Positions {
  public:
    struct Placed {
        std::uint64_t offset = 0; ///< where the entry's bytes go
        std::uint64_t hole = 0;   ///< zeros right in front of them
    };

    Positions() = default;
    Positions(std::uint64_t next, std::uint64_t end) : next_(next), end_(end) {}

    /// Places the entry. Nothing when the number does not grow or the offset leaves 63 bits.
    std::optional<Placed> place(std::uint64_t number, std::uint64_t length, std::uint64_t unit);

    /// End of what was placed so far.
    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
    /// The number that the next entry has when nothing is skipped.
    [[nodiscard]] std::uint64_t next_number() const noexcept { return next_; }

  private:
    std::uint64_t next_ = 0;
    std::uint64_t end_ = 0;
};

} // namespace xenlab::xva
