// SPDX-License-Identifier: GPL-3.0-or-later
// Forward-only bytes out, and output files that appear under their final name only when complete.
#pragma once

#include <xenlab/io/output_file.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace xenlab::io {

/// One thread at a time. Throws xenlab::Error (BrokenPipe when the reader of a pipe has gone).
class ByteSink {
  public:
    virtual ~ByteSink() = default;
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;

    /// Takes all of `data`, perhaps into a buffer.
    virtual void write(std::span<const std::byte> data) = 0;
    void write(std::string_view text);

    /// Makes what was written so far visible to the reader.
    virtual void flush() = 0;

    /// Must be called when all is written; only then may the output count as complete. A sink
    /// destroyed without finish() was given up: it leaves nothing under its final name.
    virtual void finish() = 0;

  protected:
    ByteSink() = default;
};

/// A descriptor that is not closed by us, buffered (standard output).
class FdSink final : public ByteSink {
  public:
    /// `name` is for messages: "standard output".
    FdSink(int fd, std::string name, std::size_t buffer_size = 1U << 16U);
    using ByteSink::write;
    void write(std::span<const std::byte> data) override;
    void flush() override;
    void finish() override { flush(); }

  private:
    int fd_;
    std::string name_;
    std::size_t capacity_;
    std::string buffer_;
};

/// An OutputFile written forward, buffered: finish() commits it.
class FileSink final : public ByteSink {
  public:
    explicit FileSink(const std::string& path);
    using ByteSink::write;
    void write(std::span<const std::byte> data) override;
    void flush() override;
    void finish() override;

  private:
    OutputFile file_;
    FdSink sink_;
};

/// Text kept in memory (tests, small documents).
class StringSink final : public ByteSink {
  public:
    using ByteSink::write;
    void write(std::span<const std::byte> data) override;
    void flush() override {}
    void finish() override {}
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    std::string text_;
};

} // namespace xenlab::io
