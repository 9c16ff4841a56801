// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes from a file, a pipe or standard input.
#pragma once

#include <xenlab/io/byte_source.hpp>
#include <xenlab/io/fd.hpp>

#include <stop_token>

namespace xenlab::io {

/// Reads a descriptor to its end. A wait for a pipe, socket or terminal ends with
/// Error{interrupted} when `stop` is requested.
class FdSource final : public ByteSource {
  public:
    FdSource(Fd fd, std::string name, std::stop_token stop);
    std::size_t read(std::span<std::byte> buffer) override;
    std::uint64_t skip(std::uint64_t count) override;
    /// A regular file: skip() seeks, and pread(2) on fd() works.
    [[nodiscard]] bool can_seek() const noexcept { return !can_block_; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return total_; }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    Fd fd_;
    std::string name_;
    std::stop_token stop_;
    bool can_block_;
    std::optional<std::uint64_t> total_;
    std::uint64_t position_ = 0;
};

/// PATH, or standard input for "-". Standard input is then owned by the source: destroying it
/// closes descriptor 0, so that the writer of the pipe learns at once that nobody reads any more.
std::unique_ptr<ByteSource> open_source(const std::string& path, std::stop_token stop);

} // namespace xenlab::io
