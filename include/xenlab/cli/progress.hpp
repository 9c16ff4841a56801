// SPDX-License-Identifier: GPL-3.0-or-later
// How far it has got, how fast, how much longer: on standard error, for people or for programs.
#pragma once

#include <xenlab/cli/context.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xenlab::cli {

/// "web1: 1.2 GiB of 4 GiB (30%), 90 MiB/s, 30s left" after so many seconds.
std::string progress_words(std::string_view what, std::uint64_t position,
                           std::optional<std::uint64_t> total, double seconds);

/// Draws at most ten times a second (bar) or once a second (line: every five, json: every one), so
/// update() may be called for every chunk. The bar is removed when it is done.
class Progress {
  public:
    Progress(const Context& context, std::string what);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// `total` is the size of the work if known; positions are bytes.
    void update(std::uint64_t position, std::optional<std::uint64_t> total);
    /// Takes the bar away so that other text can be printed; the next update draws it again.
    void clear();
    void done();

  private:
    using Clock = std::chrono::steady_clock;
    void draw(std::uint64_t position, std::optional<std::uint64_t> total, Clock::time_point now);
    void write(std::string_view text) const;

    ProgressMode mode_;
    int fd_;
    std::string what_;
    Clock::time_point start_, last_;
    std::uint64_t position_ = 0;
    std::optional<std::uint64_t> total_;
    bool drawn_ = false;
};

} // namespace xenlab::cli
