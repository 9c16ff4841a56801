// SPDX-License-Identifier: GPL-3.0-or-later
// The header of a gzip member (RFC 1952, 2.3), which may come in pieces. ISA-L has a reader of its
// own, but forgets the lengths of optional fields when the input ends inside of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace xenlab::io {

class GzipHeader {
  public:
    /// Takes bytes up to the end of the header and says how many. Throws StreamError{corrupt}.
    std::size_t take(std::span<const std::byte> in);
    [[nodiscard]] bool complete() const noexcept { return state_ == State::complete; }

  private:
    enum class State { fixed, extra_length, extra, name, comment, checksum, complete };

    void take_byte(unsigned byte);
    void take_fixed(unsigned byte);
    void take_checksum(unsigned byte);
    void go_on();

    State state_ = State::fixed;
    std::size_t at_ = 0; ///< in the field
    unsigned flags_ = 0;
    std::size_t extra_length_ = 0;
    unsigned checksum_ = 0;
    std::uint32_t crc_ = 0; ///< of the header so far
};

} // namespace xenlab::io
