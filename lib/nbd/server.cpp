// SPDX-License-Identifier: GPL-3.0-or-later
#include "server_handshake.hpp"
#include "transmission.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/nbd/server.hpp>
#include <xenlab/transport/unix_listener.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <sys/socket.h>

namespace xenlab::nbd {
namespace {

/// Its users share a device and a lock, which is not held while data is sent.
class SharedDevice final : public block::BlockDevice {
  public:
    SharedDevice(block::BlockDevice& device, std::shared_ptr<std::mutex> mutex)
        : device_(device), mutex_(std::move(mutex)), size_(device.size())
    {
    }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> buffer) override
    {
        const std::lock_guard lock(*mutex_);
        device_.read(offset, buffer);
    }
    std::vector<block::Extent> extents(std::uint64_t offset, std::uint64_t length) override
    {
        const std::lock_guard lock(*mutex_);
        return device_.extents(offset, length);
    }

  private:
    block::BlockDevice& device_;
    std::shared_ptr<std::mutex> mutex_;
    std::uint64_t size_;
};

void converse(transport::Channel& channel, const std::vector<Export>& exports,
              const ServerOptions& options)
{
    Input input(channel);
    const auto agreement = ServerHandshake(channel, input, exports, options).run();
    if (agreement)
        Transmission(channel, input, *agreement, options).run();
}

/// The clients being served, each in a thread of its own.
class Connections {
  public:
    Connections(const std::vector<Export>& exports, const ServerOptions& options)
        : exports_(exports), options_(options)
    {
    }

    /// Serves the client, unless there are too many.
    void add(io::Fd socket, const std::stop_token& stop);

  private:
    struct Connection {
        std::atomic<bool> done = false;
        std::jthread thread; ///< last: joined before the flag goes away
    };

    const std::vector<Export>& exports_;
    const ServerOptions& options_;
    unsigned count_ = 0; ///< so far, to tell clients apart in messages
    std::list<Connection> all_;
};

void Connections::add(io::Fd socket, const std::stop_token& stop)
{
    all_.remove_if([](const Connection& one) { return one.done.load(); });
    if (all_.size() >= options_.max_connections)
        return; // closes the socket
    // Room for a whole piece of a reply, so that the next one is read while the client takes this
    // one.
    const int room = 512 << 10;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    Connection& added = all_.emplace_back();
    try {
        auto channel = transport::socket_channel(std::move(socket),
                                                 fmt::format("NBD client {}", ++count_), stop);
        added.thread = std::jthread([this, &added, channel = std::move(channel)]() mutable {
            serve_connection(*channel, exports_, options_);
            channel.reset();
            added.done = true;
        });
    } catch (const std::runtime_error&) { // Error, std::system_error
        all_.pop_back(); // no thread or descriptor to be had: as if there were too many
    }
}

} // namespace

void serve_connection(transport::Channel& channel, const std::vector<Export>& exports,
                      const ServerOptions& options) noexcept
{
    try {
        converse(channel, exports, options);
    } catch (const Error& error) {
        const bool left = error.code() == Errc::interrupted || error.code() == Errc::unreachable;
        if (!left && options.client_failed)
            options.client_failed(error);
    } catch (const std::exception& error) {
        if (options.client_failed)
            options.client_failed(
                Error(Errc::failed, fmt::format("{}: {}", channel.peer(), error.what())));
    }
}

std::function<std::unique_ptr<block::BlockDevice>()> take_turns(block::BlockDevice& device)
{
    return [&device, mutex = std::make_shared<std::mutex>()] {
        return std::make_unique<SharedDevice>(device, mutex);
    };
}

void serve(const std::vector<Export>& exports, const ServerOptions& options,
           const std::stop_token& stop)
{
    transport::UnixListener listener(options.socket);
    Connections connections(exports, options);
    // An Error here must cut the connections, too.
    std::stop_source cut;
    const std::stop_callback passed_on(stop, [&cut] { cut.request_stop(); });
    try {
        if (options.ready)
            options.ready();
        for (;;)
            connections.add(listener.accept(stop), cut.get_token());
    } catch (const Error& error) {
        cut.request_stop();
        if (error.code() != Errc::interrupted)
            throw;
    } catch (...) {
        cut.request_stop();
        throw;
    }
}

} // namespace xenlab::nbd
