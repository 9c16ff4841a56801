// SPDX-License-Identifier: GPL-3.0-or-later
// Forward-only bytes in. Files, pipes, HTTP bodies, SSH channels and decompressors are all
// ByteSources, so the parsers above never know what they read from.
#pragma once

#include <xenlab/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xenlab::io {

/// One thread at a time. Throws xenlab::Error; after an Error the source is not usable.
class ByteSource {
  public:
    virtual ~ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;

    /// Fills a front part of `buffer` and says how much; blocks until there is at least one byte.
    /// 0 means the end (or an empty buffer), and stays 0 when called again. Short reads are normal.
    virtual std::size_t read(std::span<std::byte> buffer) = 0;

    /// Drops `count` bytes; returns fewer only at the end. A source that can seek does not read
    /// them, and learns of an end in front of the target only from the next read().
    virtual std::uint64_t skip(std::uint64_t count);

    /// How many bytes the whole source holds, if that is known beforehand.
    [[nodiscard]] virtual std::optional<std::uint64_t> total() const { return std::nullopt; }

    /// How many bytes have been taken from the origin (file, socket) so far, before any
    /// decompression: what a progress meter compares with total().
    [[nodiscard]] virtual std::uint64_t position() const = 0;

  protected:
    ByteSource() = default;
};

/// Reads until `buffer` is full or the source ends; returns how much was read.
std::size_t read_full(ByteSource& source, std::span<std::byte> buffer);

/// Fills `buffer` or throws Error{bad_data} "WHAT: ends after N of M bytes".
void read_exactly(ByteSource& source, std::span<std::byte> buffer, std::string_view what);

/// Reads and drops everything up to the end; returns how much that was.
std::uint64_t drain(ByteSource& source);

/// How a stream turned out to be damaged.
enum class Damage { truncated, corrupt, trailing };

/// Error{bad_data} of a container or compressor, with the kind of damage for tools that report it.
class StreamError : public Error {
  public:
    StreamError(Damage damage, const std::string& message)
        : Error(Errc::bad_data, message), damage_(damage)
    {
    }
    [[nodiscard]] Damage damage() const noexcept { return damage_; }

  private:
    Damage damage_;
};

/// A source with bytes put back in front of it. Owns the source.
class PeekSource final : public ByteSource {
  public:
    explicit PeekSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

    /// The first `count` bytes (fewer only if the source ends), without consuming them. At most 64
    /// KiB.
    std::span<const std::byte> peek(std::size_t count);

    std::size_t read(std::span<std::byte> buffer) override;
    std::uint64_t skip(std::uint64_t count) override;
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return source_->total(); }
    [[nodiscard]] std::uint64_t position() const override { return source_->position(); }

  private:
    std::unique_ptr<ByteSource> source_;
    std::vector<std::byte> head_;
    std::size_t at_ = 0;
};

/// Bytes in memory. Borrows them.
class MemorySource final : public ByteSource {
  public:
    explicit MemorySource(std::span<const std::byte> data) : data_(data) {}
    std::size_t read(std::span<std::byte> buffer) override;
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return data_.size(); }
    [[nodiscard]] std::uint64_t position() const override { return at_; }

  private:
    std::span<const std::byte> data_;
    std::size_t at_ = 0;
};

} // namespace xenlab::io
