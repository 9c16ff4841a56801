// SPDX-License-Identifier: GPL-3.0-or-later
// The two ends of a transfer as sources.
#pragma once

#include "watchdog.hpp"

#include <xenlab/io/byte_sink.hpp>
#include <xenlab/io/byte_source.hpp>
#include <xenlab/transport/http_stream.hpp>

#include <functional>
#include <memory>

namespace xenlab::transfer {

/// The body of an answer, watched. It ends where the stream ends, and also when the server's task
/// has ended and nothing more comes. `first` is called before the first bytes are handed out.
class DownloadSource final : public io::ByteSource {
  public:
    DownloadSource(transport::HttpStream stream, Watchdog& watchdog, std::function<void()> first)
        : stream_(std::move(stream)), watchdog_(watchdog), first_(std::move(first))
    {
    }
    std::size_t read(std::span<std::byte> buffer) override;
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return stream_.length(); }
    [[nodiscard]] std::uint64_t position() const override { return position_; }

  private:
    transport::HttpStream stream_;
    Watchdog& watchdog_;
    std::function<void()> first_;
    std::uint64_t position_ = 0;
};

/// What is read from it has been given to `take` before. Borrows nothing but what `take` holds.
class TeeSource final : public io::ByteSource {
  public:
    using Take = std::function<void(std::span<const std::byte>)>;
    TeeSource(std::unique_ptr<io::ByteSource> source, Take take)
        : source_(std::move(source)), take_(std::move(take))
    {
    }
    std::size_t read(std::span<std::byte> buffer) override
    {
        const std::size_t n = source_->read(buffer);
        take_(buffer.first(n));
        return n;
    }
    [[nodiscard]] std::optional<std::uint64_t> total() const override { return source_->total(); }
    [[nodiscard]] std::uint64_t position() const override { return source_->position(); }

  private:
    std::unique_ptr<io::ByteSource> source_;
    Take take_;
};

} // namespace xenlab::transfer
