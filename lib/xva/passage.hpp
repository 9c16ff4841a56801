// SPDX-License-Identifier: GPL-3.0-or-later
// The archive on its way through a filter: read by the walker, and held until it is known whether
// the bytes go out as they are.
#pragma once

#include <xenlab/io/byte_sink.hpp>
#include <xenlab/io/byte_source.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace xenlab::xva {

class Passage final : public io::ByteSource {
  public:
    /// `look_ahead` is what the reader may have taken without being through with it. More than that
    /// and a few MiB is never held: a reader that takes so much without a decision is passing over
    /// content (of ova.xml, say), which stays as it is.
    Passage(std::unique_ptr<io::ByteSource> source, io::ByteSink& out, std::size_t look_ahead)
        : source_(std::move(source)), out_(out), look_ahead_(look_ahead)
    {
    }

    std::size_t read(std::span<std::byte> buffer) override;
    std::uint64_t skip(std::uint64_t count) override;
    [[nodiscard]] std::uint64_t position() const override { return source_->position(); }

    /// The bytes up to this place of the archive go out as they are.
    void pass_until(std::uint64_t place);
    /// They do not go out.
    void drop_until(std::uint64_t place);
    /// Held bytes.
    [[nodiscard]] std::span<const std::byte> held(std::uint64_t place, std::size_t length) const;

  private:
    void remove(std::size_t count);
    [[nodiscard]] std::size_t count_until(std::uint64_t place) const;

    std::unique_ptr<io::ByteSource> source_;
    io::ByteSink& out_;
    std::size_t look_ahead_;
    std::vector<std::byte> bytes_; ///< held, from begin_ on
    std::size_t begin_ = 0;
    std::uint64_t base_ = 0; ///< place in the archive of the first held byte
};

} // namespace xenlab::xva
