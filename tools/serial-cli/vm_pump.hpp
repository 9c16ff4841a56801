// SPDX-License-Identifier: GPL-3.0-or-later
// Carries the bytes of a port between a host and a descriptor that can be polled.
#pragma once

#include <xenlab/io/fd.hpp>
#include <xenlab/transport/ssh.hpp>

#include <memory>
#include <string>
#include <thread>

namespace xenlab::serial_cli {

/// What is at the other end of the pump, beyond SSH. One thread reads, one writes.
class FarEnd {
  public:
    virtual ~FarEnd() = default;
    FarEnd(const FarEnd&) = delete;
    FarEnd& operator=(const FarEnd&) = delete;
    /// 0 at the end. Waits without a deadline, until the stop that it was opened with.
    virtual std::size_t read(std::span<std::byte> buffer) = 0;
    virtual void write(std::span<const std::byte> data) = 0;

  protected:
    FarEnd() = default;
};

/// Runs until either end has ended, or it is destroyed; then both are closed.
class VmPump {
  public:
    VmPump(std::unique_ptr<transport::SshSession> session, std::stop_source stop);
    ~VmPump();
    VmPump(const VmPump&) = delete;
    VmPump& operator=(const VmPump&) = delete;

    [[nodiscard]] transport::SshSession& session() noexcept { return *session_; }
    /// Waits on the far end must end by this.
    [[nodiscard]] std::stop_token token() const noexcept { return stop_.get_token(); }
    /// Begins to carry; `first` came from the far end already. Returns the near end.
    io::Fd start(std::unique_ptr<FarEnd> far, std::string first);
    /// From any thread.
    void end();

  private:
    void carry_down();
    void carry_up();

    std::unique_ptr<transport::SshSession> session_;
    std::stop_source stop_;
    std::unique_ptr<FarEnd> far_;
    std::string first_;
    io::Fd socket_;
    std::jthread down_, up_; ///< last: use all the others
};

} // namespace xenlab::serial_cli
