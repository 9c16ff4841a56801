// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and building messages, for both ends.
#pragma once

#include <xenlab/bytes/endian.hpp>
#include <xenlab/transport/channel.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace xenlab::nbd {

using transport::TimePoint;

/// Bytes from a channel, a small piece ahead so that many small messages cost one system call.
/// Borrows the channel. One thread.
class Input {
  public:
    explicit Input(transport::Channel& channel) : channel_(&channel) {}

    /// Fills `buffer`. Throws Error{unreachable} when the peer ends before that is full.
    void read(std::span<std::byte> buffer, TimePoint deadline, std::string_view what);

    /// As read(), but false when the peer has ended before the first byte.
    bool read_or_end(std::span<std::byte> buffer, TimePoint deadline, std::string_view what);

    /// Reads and drops.
    void skip(std::uint64_t count, TimePoint deadline, std::string_view what);

    /// Waits for a first byte without taking it; false when the peer has ended.
    bool wait(TimePoint deadline);

    /// True when the peer has sent more than was read so far, as far as we know.
    [[nodiscard]] bool ahead() const noexcept { return at_ < filled_; }

    /// From now on reads another channel; what was read ahead is dropped.
    void move_to(transport::Channel& channel);

  private:
    std::size_t take(std::span<std::byte> buffer);

    transport::Channel* channel_;
    std::array<std::byte, 4096> held_{};
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
};

/// A message put together.
class Message {
  public:
    template <std::unsigned_integral T>
    Message& put(T value)
    {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof value);
        bytes::store_be(bytes_, at, value);
        return *this;
    }
    Message& put(std::string_view text)
    {
        const auto data = std::as_bytes(std::span(text));
        bytes_.insert(bytes_.end(), data.begin(), data.end());
        return *this;
    }
    /// Its length as 32 bits, then the text.
    Message& put_counted(std::string_view text)
    {
        return put(static_cast<std::uint32_t>(text.size())).put(text);
    }
    [[nodiscard]] bytes::View view() const noexcept { return bytes_; }

  private:
    std::vector<std::byte> bytes_;
};

/// The bytes as text.
inline std::string_view text_of(bytes::View data)
{
    return {reinterpret_cast<const char*>(data.data()), data.size()}; // char may alias any object
}

} // namespace xenlab::nbd
