// SPDX-License-Identifier: GPL-3.0-or-later
// Disks whose bytes come by once, one disk after the other: a stream of an XVA, a raw image in a
// pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace xenlab::block {

/// One thread. Throws xenlab::Error for a damaged or cut-off stream.
class ForwardDisks {
  public:
    virtual ~ForwardDisks() = default;
    ForwardDisks(const ForwardDisks&) = delete;
    ForwardDisks& operator=(const ForwardDisks&) = delete;

    static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

    /// Fills `buffer` with the bytes at `offset` of disk number `disk`, moving the stream on; fewer
    /// only where the disk ends. Nothing when that place has gone by already, or when getting there
    /// would take the stream beyond `limit` bytes from its start; after a refusal for the limit,
    /// everything further on is refused for that limit, too.
    virtual std::optional<std::size_t> read(std::size_t disk, std::uint64_t offset,
                                            std::span<std::byte> buffer, std::uint64_t limit) = 0;

    /// Bytes of the (decompressed) stream taken so far.
    [[nodiscard]] virtual std::uint64_t taken() const = 0;

  protected:
    ForwardDisks() = default;
};

} // namespace xenlab::block
