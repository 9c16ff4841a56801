// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client_handshake.hpp"
#include "replies.hpp"

#include <xenlab/nbd/client.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace xenlab::nbd {

/// A connection that has been negotiated. Requests are sent ahead of their replies, up to
/// `max_in_flight` of one call and `read_ahead` bytes for later calls; replies are taken by whoever
/// waits next.
class Client final : public block::BlockDevice {
  public:
    Client(std::unique_ptr<transport::Channel> channel, std::unique_ptr<Input> input,
           const Negotiated& negotiated, const ClientOptions& options);
    ~Client() override;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] std::uint64_t size() const noexcept override { return server_.size; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override;

  private:
    using Shared = std::shared_ptr<Request>;
    struct Piece;

    /// Runs what talks to the server. After an Error nobody knows any more what the next bytes
    /// mean.
    template <typename Function>
    auto alive(Function function) -> decltype(function());

    Shared send(Request request);
    Shared send_read(std::uint64_t offset, std::uint32_t length, std::span<std::byte> into);
    void wait(const Request& request);
    void read_now(std::uint64_t offset, std::span<std::byte> buffer);
    Piece next_piece(std::uint64_t offset, std::span<std::byte> rest);
    std::size_t take_ahead(std::uint64_t offset, std::span<std::byte> buffer);
    void send_ahead(std::uint64_t offset, std::size_t length);
    std::uint64_t append_status(const Request& request, std::uint64_t end,
                                std::vector<block::Extent>& all) const;
    [[nodiscard]] Error failure(const Request& request, std::string_view doing) const;

    std::unique_ptr<transport::Channel> channel_;
    std::unique_ptr<Input> input_;
    Negotiated server_;
    std::chrono::milliseconds silence_timeout_;
    std::uint32_t piece_; ///< bytes of a request
    std::size_t max_ahead_;
    Replies replies_;
    std::optional<Error> dead_; ///< why the connection is of no use any more

    std::deque<Shared> ahead_;   ///< reads without a gap between them, for calls to come
    std::uint64_t expected_ = 0; ///< where the next call would go on
    std::size_t streak_ = 0;     ///< calls that did go on there
};

template <typename Function>
auto Client::alive(Function function) -> decltype(function())
{
    if (dead_)
        throw Error(*dead_);
    try {
        return function();
    } catch (const Error& error) {
        dead_ = error;
        throw;
    } catch (...) { // out of memory, perhaps with replies to come into a buffer that will be gone
        dead_ = Error(Errc::failed, fmt::format("{}: given up after an error", channel_->peer()));
        throw;
    }
}

} // namespace xenlab::nbd
