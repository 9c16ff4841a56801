// SPDX-License-Identifier: GPL-3.0-or-later
// What a channel can do besides reading and writing when its peer waits for the end of the data.
#pragma once

#include <xenlab/transport/channel.hpp>

namespace xenlab::transport {

/// Says "no more from me" and can still be read.
class HalfClose {
  public:
    virtual ~HalfClose() = default;
    HalfClose(const HalfClose&) = delete;
    HalfClose& operator=(const HalfClose&) = delete;
    virtual void end_writing(TimePoint deadline) = 0;

  protected:
    HalfClose() = default;
};

/// Can be waited for with poll(2), for who reads several channels in one thread.
class Pollable {
  public:
    virtual ~Pollable() = default;
    Pollable(const Pollable&) = delete;
    Pollable& operator=(const Pollable&) = delete;
    [[nodiscard]] virtual int descriptor() const = 0;
    /// Bytes have been read already that read() will give.
    [[nodiscard]] virtual bool buffered() const = 0;

  protected:
    Pollable() = default;
};

/// Nothing for a channel that cannot; the end then comes with its destruction.
inline void end_writing(Channel& channel, TimePoint deadline)
{
    if (auto* half = dynamic_cast<HalfClose*>(&channel))
        half->end_writing(deadline);
}

} // namespace xenlab::transport
