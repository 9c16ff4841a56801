// SPDX-License-Identifier: GPL-3.0-or-later
// A file being written, in any order, that appears under its final name only when complete.
#pragma once

#include <xenlab/io/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace xenlab::io {

/// Writes PATH.part; commit() syncs it and renames it to PATH. What cannot be renamed into place (a
/// device, a FIFO, /dev/null) is written directly; a symbolic link is followed. Destroyed without
/// commit(), it removes the .part. One thread at a time. Throws xenlab::Error.
class OutputFile {
  public:
    explicit OutputFile(const std::string& path);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// A regular file that began empty: write_at() works, and places never written read as zeros.
    [[nodiscard]] bool sparse() const noexcept { return sparse_; }

    /// At the current position, which write_at() does not move.
    void write(std::span<const std::byte> data);
    void write_at(std::uint64_t offset, std::span<const std::byte> data);

    /// Makes a sparse() file exactly so long.
    void set_size(std::uint64_t size);

    void commit();

  private:
    void push(std::size_t written) noexcept;

    std::string path_;
    std::string part_; ///< empty when written directly
    Fd fd_;
    bool sparse_ = false;
    std::size_t unpushed_ = 0; ///< written since the kernel was last told to begin
};

} // namespace xenlab::io
