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
    /// Called when the descriptor can be read: whether read() will give something now. A channel
    /// whose protocol has more than data in it takes that out here, and does not wait.
    virtual bool advance() { return true; }

  protected:
    Pollable() = default;
};

} // namespace xenlab::transport
