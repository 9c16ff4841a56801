// SPDX-License-Identifier: GPL-3.0-or-later
#include "client.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/nbd/uri.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xenlab::nbd {

using proto::Cmd;

namespace {

constexpr std::uint32_t usual_piece = 256U << 10;
constexpr std::size_t max_in_flight = 16;

std::string_view name_of(std::uint32_t error)
{
    switch (error) {
    case proto::eperm:
        return "operation not permitted";
    case proto::eio:
        return "input/output error";
    case proto::enomem:
        return "out of memory";
    case proto::einval:
        return "invalid argument";
    case proto::enospc:
        return "no space left";
    case proto::eoverflow:
        return "value too large";
    case proto::enotsup:
        return "operation not supported";
    case proto::eshutdown:
        return "the server is shutting down";
    default:
        return "unknown error";
    }
}

} // namespace

/// A request and the part of the caller's buffer that it fills.
struct Client::Piece {
    Shared request;
    std::span<std::byte> target;
    std::size_t skip = 0; ///< bytes of an aligned request in front of the target
};

Client::Client(std::unique_ptr<transport::Channel> channel, std::unique_ptr<Input> input,
               const Negotiated& negotiated, const ClientOptions& options)
    : channel_(std::move(channel)), input_(std::move(input)), server_(negotiated),
      silence_timeout_(options.silence_timeout),
      piece_(std::max(server_.min_block, std::min(usual_piece, server_.max_block) /
                                             server_.min_block * server_.min_block)),
      max_ahead_(options.read_ahead / piece_),
      replies_(*input_, channel_->peer(), server_.structured, server_.allocation_id.value_or(0))
{
}

Client::~Client()
{
    if (dead_)
        return;
    try { // "NBD_CMD_DISC": a courtesy
        Message goodbye;
        goodbye.put(proto::request_magic).put(std::uint16_t{0});
        goodbye.put(static_cast<std::uint16_t>(Cmd::disc));
        goodbye.put(std::uint64_t{0}).put(std::uint64_t{0}).put(std::uint32_t{0});
        channel_->write(goodbye.view(), {}, transport::deadline_in(std::chrono::seconds(1)));
    } catch (const std::exception&) { // the server has gone, and so do we
        return;
    }
}

Error Client::failure(const Request& request, std::string_view doing) const
{
    std::string words = request.words.empty() ? std::string() : ": " + text::quoted(request.words);
    return {request.error == proto::eshutdown ? Errc::unreachable : Errc::failed,
            fmt::format("{}: the server cannot {} {} bytes at {}: {}{}", channel_->peer(), doing,
                        request.length, request.offset, name_of(request.error), words)};
}

Client::Shared Client::send(Request request)
{
    const auto shared = std::make_shared<Request>(std::move(request));
    Message message;
    message.put(proto::request_magic).put(std::uint16_t{0});
    message.put(static_cast<std::uint16_t>(shared->type)).put(replies_.expect(shared));
    message.put(shared->offset).put(shared->length);
    channel_->write(message.view(), {}, transport::deadline_in(silence_timeout_));
    return shared;
}

/// Into the caller's memory, or into the request's own if that is empty.
Client::Shared Client::send_read(std::uint64_t offset, std::uint32_t length,
                                 std::span<std::byte> into)
{
    Request request{.type = Cmd::read, .offset = offset, .length = length, .into = into};
    if (into.empty()) {
        request.own.resize(length);
        request.into = request.own; // moving the vector keeps its memory
    }
    return send(std::move(request));
}

void Client::wait(const Request& request)
{
    auto deadline = transport::deadline_in(silence_timeout_);
    while (!request.done)
        if (replies_.receive(deadline))
            deadline = transport::deadline_in(silence_timeout_);
}

/// Sends a request for the front of `rest`: straight into it where the server's blocks allow that.
Client::Piece Client::next_piece(std::uint64_t offset, std::span<std::byte> rest)
{
    const std::uint32_t block = server_.min_block;
    const auto lead = static_cast<std::uint32_t>(offset % block);
    if (lead == 0 && rest.size() >= block) {
        const auto n = std::min<std::size_t>(piece_, rest.size() / block * block);
        const auto target = rest.first(n);
        return {.request = send_read(offset, static_cast<std::uint32_t>(n), target),
                .target = target};
    }
    const std::uint64_t begin = offset - lead;
    const std::uint64_t blocks =
        (lead + std::min<std::uint64_t>(rest.size(), piece_) + block - 1) / block;
    const std::uint64_t most =
        std::min<std::uint64_t>({blocks * block, piece_, server_.size - begin});
    const auto target = rest.first(std::min<std::size_t>(rest.size(), most - lead));
    return {.request = send_read(begin, static_cast<std::uint32_t>(most), {}),
            .target = target,
            .skip = lead};
}

/// Every request is awaited even after one has failed: they may write into the caller's buffer.
void Client::read_now(std::uint64_t offset, std::span<std::byte> buffer)
{
    std::deque<Piece> in_flight;
    Shared failed;
    alive([&] {
        while (!in_flight.empty() || (!buffer.empty() && !failed)) {
            if (!buffer.empty() && !failed && in_flight.size() < max_in_flight) {
                in_flight.push_back(next_piece(offset, buffer));
                const std::size_t n = in_flight.back().target.size();
                offset += n;
                buffer = buffer.subspan(n);
                continue;
            }
            const Piece piece = std::move(in_flight.front());
            in_flight.pop_front();
            wait(*piece.request);
            if (piece.request->error != 0)
                failed = failed ? failed : piece.request;
            else if (!piece.request->own.empty())
                std::ranges::copy(
                    std::span(piece.request->own).subspan(piece.skip, piece.target.size()),
                    piece.target.begin());
        }
    });
    if (failed)
        throw failure(*failed, "read");
}

/// Copies what has been read ahead for this place; returns how much that was.
std::size_t Client::take_ahead(std::uint64_t offset, std::span<std::byte> buffer)
{
    std::size_t done = 0;
    while (done < buffer.size() && !ahead_.empty()) {
        const Shared front = ahead_.front();
        const std::uint64_t end = front->offset + front->length;
        const std::uint64_t at = offset + done;
        if (at < front->offset || at >= end) {
            ahead_.pop_front();
            continue;
        }
        alive([&] { wait(*front); });
        if (front->error != 0) { // asked for again, so that whoever wants it learns of it
            ahead_.clear();
            break;
        }
        const auto n = std::min<std::size_t>(buffer.size() - done, end - at);
        std::ranges::copy(std::span(front->own).subspan(at - front->offset, n),
                          buffer.subspan(done).begin());
        done += n;
        if (at + n == end)
            ahead_.pop_front();
    }
    return done;
}

/// Decides from the last calls whether more will follow, and asks for that already. The window
/// grows with every call that goes on where the last one ended.
void Client::send_ahead(std::uint64_t offset, std::size_t length)
{
    streak_ = offset == expected_ ? streak_ + 1 : 0;
    expected_ = offset + length;
    if (streak_ == 0)
        ahead_.clear(); // replies on their way still find their request
    if (streak_ < 2)
        return;
    const std::size_t window = std::min(max_ahead_, streak_);
    std::uint64_t at = ahead_.empty() ? expected_ : ahead_.back()->offset + ahead_.back()->length;
    at -= at % server_.min_block;
    while (at < server_.size && ahead_.size() < window &&
           replies_.waiting() < max_ahead_ + max_in_flight) {
        const auto n = std::min<std::uint64_t>(piece_, server_.size - at);
        ahead_.push_back(send_read(at, static_cast<std::uint32_t>(n), {}));
        at += n;
    }
}

void Client::read(std::uint64_t offset, std::span<std::byte> buffer)
{
    block::check_range(server_.size, offset, buffer.size());
    if (buffer.empty())
        return;
    const std::size_t done = take_ahead(offset, buffer);
    read_now(offset + done, buffer.subspan(done));
    try {
        alive([&] { send_ahead(offset, buffer.size()); });
    } catch (const Error&) { // this call has its data; the next one throws the same
        return;
    }
}

std::unique_ptr<block::BlockDevice> open_export(std::unique_ptr<transport::Channel> channel,
                                                const std::string& export_name,
                                                const std::string& tls_host,
                                                const ClientOptions& options)
{
    const auto deadline = transport::deadline_in(options.connect_timeout);
    auto input = std::make_unique<Input>(*channel);
    const Wanted wanted{.export_name = export_name, .tls_host = tls_host, .tls = options.tls};
    const Negotiated negotiated = ClientHandshake(channel, *input, wanted, deadline).run();
    return std::make_unique<Client>(std::move(channel), std::move(input), negotiated, options);
}

std::unique_ptr<block::BlockDevice> connect(const std::string& uri, const ClientOptions& options,
                                            const std::stop_token& stop)
{
    const Uri where = parse_uri(uri);
    const auto deadline = transport::deadline_in(options.connect_timeout);
    auto channel = where.socket.empty()
                       ? transport::connect_tcp(where.host, where.port, deadline, stop)
                       : transport::connect_unix(where.socket, deadline, stop);
    return open_export(std::move(channel), where.export_name,
                       where.tls ? where.host : std::string(), options);
}

} // namespace xenlab::nbd
