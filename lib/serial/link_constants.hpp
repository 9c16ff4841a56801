// SPDX-License-Identifier: GPL-3.0-or-later
// The times and counts of xenlab-sl1(7), ACKNOWLEDGEMENT and SESSION.
#pragma once

#include <xenlab/serial/link.hpp>

#include <cstdint>

namespace xenlab::serial {

inline constexpr unsigned frames_per_ack = 4;
inline constexpr Millis ack_delay = 400;
inline constexpr std::size_t max_frames = 32;     // as many as the map of an ACK has bits
inline constexpr std::size_t frame_overhead = 20; // counted with each frame in flight
inline constexpr Millis keepalive = 2000;
inline constexpr Millis quick_greeting = 300, slow_greeting = 1000;
inline constexpr unsigned quick_greetings = 10;
inline constexpr Millis reset_pause = 200;
inline constexpr Millis heartbeat_limit = 30'000; // an agent that hears nothing falls silent
inline constexpr unsigned max_backoff = 4;
inline constexpr std::size_t interactive_payload = 128;
inline constexpr std::size_t interactive_floor = 2 * (interactive_payload + frame_overhead);
inline constexpr Millis interactive_queue = 5; // of waiting bytes on the line
inline constexpr double assumed_rate = 11.52;  // 115200 baud, until measured

/// Serial number arithmetic on 16 bits: a comes before b.
constexpr bool before(std::uint16_t a, std::uint16_t b) noexcept
{
    const auto distance = static_cast<std::uint16_t>(b - a);
    return distance != 0 && distance < 0x8000;
}

} // namespace xenlab::serial
