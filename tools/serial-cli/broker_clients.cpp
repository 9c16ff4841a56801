// SPDX-License-Identifier: GPL-3.0-or-later
// What clients ask for.
#include "broker.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

using serial::Op;

constexpr std::size_t most_clients = 64;
constexpr std::size_t raw_limit = 64 * 1024;

} // namespace

void Broker::accept_clients()
{
    for (;;) {
        io::Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd || clients_.size() >= most_clients)
            return;
        ucred peer{};
        socklen_t size = sizeof peer;
        if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
            (peer.uid != ::getuid() && peer.uid != 0))
            continue;
        clients_.emplace_back();
        clients_.back().fd = std::move(fd);
    }
}

void Broker::drop_gone_clients()
{
    std::erase_if(clients_, [&](Client& client) {
        if (!client.gone)
            return false;
        for (const auto& [chan, size] : client.to_consume)
            mux_.consumed(chan, size);
        for (const std::uint8_t chan : client.channels)
            mux_.close(chan); // the agent ends what runs there
        if (client.raw == RawMode::exclusive) {
            log_.event("raw mode ends");
            link_.line_restored(now_);
        }
        last_client_at_ = now_;
        return true;
    });
}

bool Broker::may_read(const Client& client) const
{
    if (client.gone || client.out.size() > (256U << 10U))
        return false;
    if (client.raw && raw_to_line_.size() > raw_limit)
        return false;
    return std::ranges::none_of(client.channels, [&](std::uint8_t chan) {
        return mux_.is_open(chan) && mux_.room(chan) == 0;
    });
}

void Broker::read_client(Client& client)
{
    Buffer buffer(32 * 1024);
    const ssize_t count = ::read(client.fd.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        client.gone = true;
        return;
    }
    try {
        client.reader.feed(View(buffer).first(static_cast<std::size_t>(count)));
        while (const auto packet = client.reader.next())
            handle(client, *packet);
    } catch (const Error& error) {
        fail(client, error.code(), error.what());
    }
}

void Broker::write_client(Client& client)
{
    const ssize_t count =
        ::send(client.fd.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (count < 0) {
        client.gone = client.gone || (errno != EAGAIN && errno != EINTR);
        return;
    }
    client.out.erase(client.out.begin(), client.out.begin() + static_cast<std::ptrdiff_t>(count));
    if (!client.out.empty())
        return;
    for (const auto& [chan, size] : client.to_consume)
        mux_.consumed(chan, size);
    client.to_consume.clear();
}

void Broker::fail(Client& client, Errc code, std::string_view words, std::string_view hint)
{
    std::string text(words);
    if (!hint.empty())
        text.append(1, '\0').append(hint);
    std::array<std::byte, 4> head{};
    bytes::store_le(std::span(head), 0, static_cast<std::uint32_t>(code));
    append_packet(client.out, Kind::error, head, as_view(text));
}

void Broker::handle(Client& client, const Packet& packet)
{
    const View body = packet.body;
    const auto chan_at = [&](std::size_t least) {
        if (body.size() < least || !client.channels.contains(bytes::u8(body, 0)))
            return std::uint8_t{0}; // closed meanwhile
        return bytes::u8(body, 0);
    };
    switch (packet.kind) {
    case Kind::attach:
        attach(client, body);
        break;
    case Kind::open:
        open_channel(client, body);
        break;
    case Kind::send:
        if (const std::uint8_t chan = chan_at(2))
            mux_.send(chan, static_cast<Op>(bytes::u8(body, 1)), body.subspan(2));
        break;
    case Kind::close:
        if (const std::uint8_t chan = chan_at(1))
            mux_.close(chan);
        break;
    case Kind::raw:
        raw_mode(client, body);
        break;
    case Kind::write:
        if (client.raw && *client.raw != RawMode::spy)
            raw_to_line_.insert(raw_to_line_.end(), body.begin(), body.end());
        break;
    case Kind::line_break:
        if (!line_ || options_.target.kind != Target::Kind::terminal ||
            ::tcsendbreak(line_.get(), 0) != 0)
            fail(client, Errc::precondition,
                 "a break can only be sent on a real serial port (pty:/dev/ttyS0)");
        else
            append_packet(client.out, Kind::ready);
        break;
    case Kind::status:
        tell_status(client);
        break;
    case Kind::quit:
        append_packet(client.out, Kind::ready);
        write_client(client);
        quit_ = true;
        break;
    default:
        fail(client, Errc::bad_data, "the broker does not know the request");
        break;
    }
}

void Broker::attach(Client& client, View body)
{
    if (body.size() < 5 || bytes::u8(body, 0) != wire_version) {
        fail(client, Errc::precondition,
             "the broker is of another version; end it with serial-cli broker --stop");
        return;
    }
    if (exclusive()) {
        fail(client, Errc::precondition, "the port is in raw mode for a debugger");
        return;
    }
    client.secret = to_text(body.subspan(5));
    client.attach_for = bytes::le32(body, 1);
    client.attach_until = now_ + client.attach_for;
    wanted_ = true;
    if (link_.up() && !line_)
        return; // whether the agent is still the same shows when the port is there again
    if (link_.up() && !lost_ && trusted_) {
        tell_attached(client);
        return;
    }
    if (link_.up())
        prove_secret();
    else if (link_.wakeup() == serial::never)
        link_.start(now_);
}

void Broker::open_channel(Client& client, View body)
{
    if (body.size() < 2 || !link_.up() || !trusted_ ||
        !serial::is_open(static_cast<Op>(bytes::u8(body, 0)))) {
        fail(client, Errc::unreachable, "there is no session with an agent");
        return;
    }
    const auto chan =
        mux_.open(static_cast<Op>(bytes::u8(body, 0)), body.subspan(2), bytes::u8(body, 1) != 0);
    if (!chan) {
        fail(client, Errc::precondition, "too many operations at once on this port");
        return;
    }
    client.channels.insert(*chan);
    const std::array<std::byte, 1> head{static_cast<std::byte>(*chan)};
    append_packet(client.out, Kind::opened, head);
}

void Broker::raw_mode(Client& client, View body)
{
    const unsigned mode = body.empty() ? 3 : bytes::u8(body, 0);
    if (mode > 2) {
        fail(client, Errc::bad_data, "the broker does not know the request");
        return;
    }
    const auto wanted = static_cast<RawMode>(mode);
    for (const Client& other : clients_) {
        if (&other == &client || other.gone)
            continue;
        const bool conflict = (wanted != RawMode::spy && other.raw && *other.raw != RawMode::spy) ||
                              (wanted == RawMode::exclusive && !other.channels.empty());
        if (conflict) {
            fail(client, Errc::precondition, "somebody else is writing to the port");
            return;
        }
    }
    client.raw = wanted;
    if (wanted == RawMode::exclusive) {
        log_.event("raw mode for a debugger");
        to_line_.clear();
    }
    append_packet(client.out, Kind::ready);
}

void Broker::tell_status(Client& client)
{
    const auto stats = link_.stats();
    serial::Message facts;
    const auto add = [&](std::string_view name, const auto& value) {
        facts.add(serial::Tag::fact, std::string_view(fmt::format("{}={}", name, value)));
    };
    add("target", options_.target.text);
    add("pid", ::getpid());
    add("connected", line_ ? "yes" : "no");
    add("connections", connections_);
    add("error", line_error_);
    add("session", link_.up() ? fmt::format("{}", link_.session()) : "none");
    add("clients", clients_.size());
    add("channels", mux_.count());
    add("bytes_in", bytes_in_);
    add("bytes_out", bytes_out_);
    add("frames_sent", stats.sent);
    add("frames_resent", stats.resent);
    add("frames_received", stats.received);
    add("frames_damaged", stats.damaged);
    add("uptime", (now_ - started_at_) / 1000);
    add("log", options_.log_path);
    append_packet(client.out, Kind::facts, facts.body());
}

} // namespace xenlab::serial_cli
