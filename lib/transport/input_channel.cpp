// SPDX-License-Identifier: GPL-3.0-or-later
#include "half_close.hpp"
#include "stop_event.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace xenlab::transport {
namespace {

class InputChannel final : public Channel, public Pollable {
  public:
    InputChannel(int fd, std::string peer, std::stop_token stop)
        : fd_(fd), peer_(std::move(peer)), stop_(std::move(stop))
    {
    }
    std::size_t read(std::span<std::byte> buffer, TimePoint deadline) override
    {
        for (;;) {
            // Not non-blocking mode: it belongs to the open file, which others have, too.
            stop_.wait(fd_, POLLIN, deadline, peer_);
            const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
            if (n >= 0)
                return static_cast<std::size_t>(n);
            if (errno == EIO)
                return 0; // a terminal that has gone
            if (errno != EINTR && errno != EAGAIN)
                throw system_error(errno, peer_);
        }
    }
    void write(std::span<const std::byte> /*head*/, std::span<const std::byte> /*body*/,
               TimePoint /*deadline*/) override
    {
        throw Error(Errc::failed, fmt::format("{}: cannot be written", peer_));
    }
    [[nodiscard]] const std::string& peer() const noexcept override { return peer_; }
    [[nodiscard]] int descriptor() const override { return fd_; }
    [[nodiscard]] bool buffered() const override { return false; }

  private:
    int fd_;
    std::string peer_;
    StopEvent stop_;
};

} // namespace

std::unique_ptr<Channel> input_channel(int fd, std::string peer, std::stop_token stop)
{
    return std::make_unique<InputChannel>(fd, std::move(peer), std::move(stop));
}

} // namespace xenlab::transport
