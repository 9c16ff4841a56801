// SPDX-License-Identifier: GPL-3.0-or-later
// A peer that says what the input holds, whatever it is told.
#pragma once

#include "fuzz.hpp"

#include <xenlab/transport/channel.hpp>

#include <algorithm>
#include <string>

namespace xenlab::fuzz {

/// Hands out the input in pieces of at most `piece` bytes; hangs up after taking `most` bytes.
class MemoryChannel final : public transport::Channel {
  public:
    MemoryChannel(std::span<const std::byte> input, std::size_t piece, std::size_t most)
        : input_(input), piece_(std::max<std::size_t>(piece, 1)), most_(most)
    {
    }
    std::size_t read(std::span<std::byte> buffer, transport::TimePoint /*deadline*/) override
    {
        const std::size_t n = std::min({buffer.size(), input_.size(), piece_});
        std::copy_n(input_.begin(), n, buffer.begin());
        input_ = input_.subspan(n);
        return n;
    }
    void write(std::span<const std::byte> head, std::span<const std::byte> body,
               transport::TimePoint /*deadline*/) override
    {
        const std::size_t n = head.size() + body.size();
        if (n > most_)
            throw Error(Errc::unreachable, "the peer closed the connection");
        most_ -= n;
    }
    [[nodiscard]] const std::string& peer() const noexcept override { return peer_; }

  private:
    std::span<const std::byte> input_;
    std::size_t piece_;
    std::size_t most_;
    std::string peer_ = "peer";
};

} // namespace xenlab::fuzz
