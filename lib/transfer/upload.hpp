// SPDX-License-Identifier: GPL-3.0-or-later
// The sending half of a transfer.
#pragma once

#include "verdict.hpp"
#include "watchdog.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace xenlab::transfer {

/// A PUT that is open. The server answers before it reads the body, and closes, often with a reset,
/// as soon as it has what it wants: then ended() is true, and the task knows whether that is good.
class Upload {
  public:
    Upload(lab::Pool& pool, xapi::TransferRequest request, Task& task, Watchdog& watchdog);

    /// Nothing is sent any more after ended().
    void write(std::span<const std::byte> data);
    /// All was written.
    void finish();

    [[nodiscard]] bool ended() const noexcept { return ended_; }
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

  private:
    template <typename Send>
    void send(const Send& what);

    Watchdog& watchdog_;
    std::optional<transport::HttpStream> stream_;
    bool sized_;
    bool ended_ = false;
    std::uint64_t sent_ = 0;
};

/// What the server says of an upload to a disk. `early`: it has closed before all was sent; then it
/// has decided, or is gone, and is not waited for long. Throws what the task says, and for `early`
/// also when that is a success.
void await_verdict(Task& task, bool early, std::chrono::milliseconds patience);

} // namespace xenlab::transfer
