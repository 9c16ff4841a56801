// SPDX-License-Identifier: GPL-3.0-or-later
// One decoder step, the same for each compression library.
#pragma once

#include <xenlab/io/decompress.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace xenlab::io {

/// Decodes members (gzip) or frames (zstd), one after the other.
class Inflater {
  public:
    struct Step {
        std::size_t consumed = 0;
        std::size_t produced = 0;
        bool member_ended = false;
    };
    virtual ~Inflater() = default;
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    /// Decodes some of `in` into `out`. Throws StreamError{corrupt}.
    virtual Step step(std::span<const std::byte> in, std::span<std::byte> out) = 0;

    /// Called at the start of each further member.
    virtual void reset() = 0;

    /// Whether `head` (at least 4 bytes unless the source ends) starts a member.
    [[nodiscard]] virtual bool starts_member(std::span<const std::byte> head) const = 0;

  protected:
    Inflater() = default;
};

std::unique_ptr<Inflater> make_gzip_inflater();
std::unique_ptr<Inflater> make_zstd_inflater(const DecompressLimits& limits);

} // namespace xenlab::io
