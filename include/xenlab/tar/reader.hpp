// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a tar archive entry by entry, forward only.
#pragma once

#include <xenlab/io/byte_source.hpp>
#include <xenlab/tar/header.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace xenlab::tar {

/// How the archive ended.
enum class Ending {
    open,       ///< not at the end yet
    blocks,     ///< two zero blocks, as it should be
    lone_block, ///< one zero block and then nothing
    missing     ///< nothing at all where a header or zero blocks should be
};

/// A damaged header: bad_data, with its place in the archive.
class HeaderError : public Error {
  public:
    HeaderError(std::uint64_t offset, const std::string& words);
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

  private:
    std::uint64_t offset_;
};

/// Borrows the source. Reads at most `read_ahead` bytes more than asked for. pax and GNU extension
/// entries (types x, g, L, K) are handed out like any other: XVA writers make none.
///
/// Throws HeaderError for a damaged header, io::StreamError{truncated} when the archive ends inside
/// an entry, and whatever the source throws.
class Reader {
  public:
    explicit Reader(io::ByteSource& source, std::size_t read_ahead = 1U << 16U);

    /// The next entry; the rest of the current one is skipped. Nothing at the end, then see
    /// ending().
    std::optional<Header> next();

    /// Content of the current entry: fills a front part of `buffer`, 0 at its end.
    std::size_t read(std::span<std::byte> buffer);

    /// Content bytes of the current entry not yet read.
    [[nodiscard]] std::uint64_t remaining() const noexcept { return remaining_; }

    /// Position in the archive of the current entry's header.
    [[nodiscard]] std::uint64_t header_offset() const noexcept { return header_offset_; }
    /// Position in the archive of the next byte that read() or next() will take.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

    [[nodiscard]] Ending ending() const noexcept { return ending_; }

    /// Where the next entry's header is.
    [[nodiscard]] std::uint64_t next_header() const noexcept
    {
        return offset_ + remaining_ + padding_;
    }
    /// next() goes on with the header at `offset`, which is known to be one, and not behind us.
    void go_on_at(std::uint64_t offset);

    /// After a HeaderError: looks for the next block, at block boundaries, that is a header with a
    /// right checksum and that `wanted` accepts (a disk may hold tar archives of its own), so that
    /// next() can go on there. False when the archive ends first.
    bool resync(const std::function<bool(const Header&)>& wanted);

    /// After the end: the bytes that follow the end blocks. Returns the position of the first one
    /// that is not zero, or nothing. Reads the source to its end.
    std::optional<std::uint64_t> trailing_garbage();

  private:
    bool fill(std::size_t least);
    std::size_t take(std::span<std::byte> buffer);
    void skip_content();
    std::span<const std::byte> peek_block();

    io::ByteSource& source_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0, end_ = 0; ///< unread part of buffer_
    std::uint64_t offset_ = 0;
    std::uint64_t header_offset_ = 0;
    std::uint64_t remaining_ = 0; ///< content of the current entry
    std::uint64_t padding_ = 0;   ///< after the content
    std::string entry_name_;      ///< for messages
    Ending ending_ = Ending::open;
};

} // namespace xenlab::tar
