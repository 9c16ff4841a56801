// SPDX-License-Identifier: GPL-3.0-or-later
// The server's side of the transmission phase (proto.md, "Transmission"): one client's requests, in
// order.
#pragma once

#include "protocol.hpp"
#include "server_handshake.hpp"
#include "wire.hpp"

#include <xenlab/nbd/server.hpp>

#include <cstdint>
#include <vector>

namespace xenlab::nbd {

/// Requests wait in the socket while one is served, so what a client has in flight costs us
/// nothing; a long read goes out in pieces of one buffer, each sent while the next request or piece
/// is not begun. Borrows everything. One thread.
class Transmission {
  public:
    Transmission(transport::Channel& channel, Input& input, const Agreement& agreement,
                 const ServerOptions& options);

    /// Returns when the client has left; throws Error when it broke off or the protocol.
    void run();

  private:
    struct Request {
        std::uint16_t flags = 0;
        std::uint16_t type = 0;
        std::uint64_t cookie = 0;
        std::uint64_t offset = 0;
        std::uint32_t length = 0;
    };

    /// False when the client has left.
    bool next(Request& request);
    void serve(const Request& request);
    void read(const Request& request);
    void read_structured(const Request& request);
    void read_simple(const Request& request);
    void block_status(const Request& request);
    void drop_write(const Request& request);

    [[nodiscard]] std::uint32_t problem_of(const Request& request) const;
    bool read_device(std::uint64_t offset, std::span<std::byte> into);
    void report(const Error& error) const;
    void send_simple(const Request& request, std::uint32_t error,
                     std::span<const std::byte> data = {});
    void send_chunk(const Request& request, std::uint16_t flags, std::uint16_t type,
                    const Message& fields, std::span<const std::byte> data = {});
    void send_error(const Request& request, std::uint32_t error);
    [[nodiscard]] TimePoint deadline() const;

    transport::Channel& channel_;
    Input& input_;
    const Agreement& agreement_;
    const ServerOptions& options_;
    std::vector<std::byte> buffer_;
};

} // namespace xenlab::nbd
