// SPDX-License-Identifier: GPL-3.0-or-later
// What a login shell prints before it runs our command (bash reads .bashrc under sshd) is told from
// the command's own output by a line that nobody else can know.
#pragma once

#include <xenlab/base/error.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace xenlab::transport {

/// A word that no program prints by chance.
std::string noise_mark();

/// `command` for /bin/sh, which first prints the mark on a line of its own, to both streams.
std::string with_mark(const std::string& command, const std::string& mark);

/// Drops everything up to the mark. One stream, one thread.
class NoiseFilter {
  public:
    /// An empty mark: nothing is dropped.
    explicit NoiseFilter(std::string mark) : mark_(std::move(mark)), quiet_(mark_.empty()) {}

    [[nodiscard]] bool quiet() const noexcept { return quiet_; }
    /// Only while not quiet. Throws Error{failed} when the noise has no end.
    void take(std::span<const std::byte> data);
    /// Bytes that followed the mark in take().
    std::size_t give(std::span<std::byte> buffer);
    /// The stream ended without a mark: why, with the first words that came instead.
    [[nodiscard]] Error never_quiet(std::string_view peer) const;

  private:
    std::string mark_;
    bool quiet_;
    std::string held_;
};

} // namespace xenlab::transport
