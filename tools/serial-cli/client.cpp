// SPDX-License-Identifier: GPL-3.0-or-later
#include "client.hpp"

#include "start_broker.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace xenlab::serial_cli {

namespace {

Error told_error(std::uint32_t code, const std::string& text)
{
    const std::size_t zero = text.find('\0');
    const std::string hint = zero == std::string::npos ? "" : text.substr(zero + 1);
    return {static_cast<Errc>(code), text::printable(text.substr(0, zero)), text::printable(hint)};
}

} // namespace

std::string read_secret(const Globals& globals)
{
    std::string secret;
    if (globals.secret_file.empty())
        return secret;
    std::ifstream file(globals.secret_file);
    if (!std::getline(file, secret) || secret.empty())
        throw Error(Errc::not_found, fmt::format("{}: no secret in its first line",
                                                 text::printable(globals.secret_file)));
    return secret;
}

Target target_of(const Globals& globals)
{
    if (globals.targets.size() > 1)
        throw Error(Errc::usage, "several targets", "only run takes more than one");
    if (globals.targets.empty())
        throw Error(Errc::usage, "no target",
                    "name the port with -t HOST:PORT, unix:PATH, pty:PATH or vm:NAME");
    Target target = parse_target(globals.targets.front());
    if (target.kind != Target::Kind::vm)
        return target;
    const auto named = [](const std::string& option, const char* variable) {
        const char* value = std::getenv(variable);
        return !option.empty() || value == nullptr ? option : std::string(value);
    };
    target.pool = named(globals.pool.context, "XENLAB_CONTEXT") + "\n" +
                  named(globals.pool.host, "XENLAB_HOST");
    return target;
}

Client::Client(const Globals& globals, cli::Context& context)
    : globals_(globals), context_(context), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    const Target target = target_of(globals);
    if (target.kind == Target::Kind::vm)
        connect_patience_ = std::chrono::seconds(120);
    fd_ = start_broker(target, globals, context.stop);
}

void Client::attach()
{
    const std::string secret = read_secret(globals_);
    std::array<std::byte, 5> head{static_cast<std::byte>(wire_version)};
    bytes::store_le(std::span(head), 1,
                    static_cast<std::uint32_t>(globals_.attach_timeout.count()));
    append_packet(out_, Kind::attach, head, as_view(secret));
    attached_ = false;
    const auto until = Clock::now() + globals_.attach_timeout + connect_patience_;
    while (!attached_ && Clock::now() < until)
        next(until);
    if (!attached_)
        throw Error(Errc::timeout, "the broker does not answer");
}

std::uint8_t Client::open(serial::Op op, const serial::Message& message, bool interactive)
{
    const std::array<std::byte, 2> head{static_cast<std::byte>(op),
                                        static_cast<std::byte>(interactive ? 1 : 0)};
    append_packet(out_, Kind::open, head, message.body());
    opened_.reset();
    const auto until = Clock::now() + std::chrono::seconds(10);
    while (!opened_ && Clock::now() < until)
        next(until);
    if (!opened_)
        throw Error(Errc::timeout, "the broker does not answer");
    return *opened_;
}

void Client::send(std::uint8_t chan, serial::Op op, View body)
{
    const std::array<std::byte, 2> head{static_cast<std::byte>(chan), static_cast<std::byte>(op)};
    append_packet(out_, Kind::send, head, body);
}

void Client::close(std::uint8_t chan)
{
    const std::array<std::byte, 1> head{static_cast<std::byte>(chan)};
    append_packet(out_, Kind::close, head);
}

void Client::raw(RawMode mode)
{
    const std::array<std::byte, 1> head{static_cast<std::byte>(mode)};
    append_packet(out_, Kind::raw, head);
    expect(-1);
}

void Client::write(View data)
{
    while (!data.empty()) {
        const View piece = data.first(std::min<std::size_t>(data.size(), 16 * 1024));
        append_packet(out_, Kind::write, piece);
        data = data.subspan(piece.size());
    }
}

void Client::request(Kind kind, View body)
{
    append_packet(out_, kind, body);
}

void Client::flush()
{
    while (!out_.empty()) {
        const ssize_t count =
            ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0) {
            if (errno == EAGAIN || errno == EINTR)
                return;
            throw Error(Errc::unreachable, "the broker has gone");
        }
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(count));
    }
}

std::optional<Client::Event> Client::translate(Packet packet)
{
    const View body = packet.body;
    switch (packet.kind) {
    case Kind::attached:
        attached_ = true;
        return std::nullopt;
    case Kind::opened:
        if (!body.empty())
            opened_ = bytes::u8(body, 0);
        return std::nullopt;
    case Kind::message:
        if (body.size() < 2)
            return std::nullopt;
        return Event{Event::Kind::message, bytes::u8(body, 0),
                     static_cast<serial::Op>(bytes::u8(body, 1)),
                     Buffer(body.begin() + 2, body.end())};
    case Kind::closed:
        return Event{Event::Kind::closed, body.empty() ? std::uint8_t{0} : bytes::u8(body, 0)};
    case Kind::bytes:
        return Event{Event::Kind::bytes, 0, serial::Op::data, std::move(packet.body)};
    case Kind::facts:
        return Event{Event::Kind::facts, 0, serial::Op::facts, std::move(packet.body)};
    case Kind::ready:
        return Event{Event::Kind::ready};
    case Kind::lost:
        throw SessionLost(Errc::failed, text::printable(to_text(body)));
    case Kind::quiet:
        if (body.size() >= 4 && bytes::le32(body, 0) >= globals_.link_timeout.count())
            throw Error(Errc::timeout,
                        fmt::format("the agent has been silent for {}",
                                    text::human_duration(
                                        std::chrono::seconds(bytes::le32(body, 0) / 1000))),
                        "is the guest still running? --link-timeout sets how long to wait");
        return std::nullopt;
    case Kind::error:
        if (body.size() < 4)
            throw Error(Errc::failed, "the broker failed");
        throw told_error(bytes::le32(body, 0), to_text(body.subspan(4)));
    default:
        return std::nullopt;
    }
}

std::optional<Client::Event> Client::next(Clock::time_point until, int extra_fd, bool want_extra)
{
    const std::stop_callback wake(context_.stop, [this] { ::eventfd_write(wake_.get(), 1); });
    for (;;) {
        if (context_.stop.stop_requested())
            throw Error(Errc::interrupted, "interrupted");
        flush();
        if (auto packet = reader_.next()) {
            const bool answers = packet->kind == Kind::attached || packet->kind == Kind::opened;
            if (auto event = translate(std::move(*packet)))
                return event;
            if (answers)
                return std::nullopt;
            continue;
        }
        const auto now = Clock::now();
        if (now >= until || (pumping_ && drained()))
            return std::nullopt;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count() + 1;
        std::array<pollfd, 3> polls{
            {{fd_.get(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
             {wake_.get(), POLLIN, 0},
             {want_extra ? extra_fd : -1, POLLIN, 0}}};
        if (::poll(polls.data(), polls.size(),
                   static_cast<int>(std::min<long long>(left, 3'600'000))) < 0 &&
            errno != EINTR)
            throw system_error(errno, "poll");
        if ((polls[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            Buffer buffer(64 * 1024);
            const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
            if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
                throw Error(Errc::unreachable, "the broker has gone");
            if (count > 0)
                reader_.feed(View(buffer).first(static_cast<std::size_t>(count)));
            continue;
        }
        if (polls[2].revents != 0)
            return std::nullopt;
    }
}

std::optional<Client::Event> Client::pump()
{
    pumping_ = true;
    auto event = next(Clock::now() + std::chrono::hours(1));
    pumping_ = false;
    return event;
}

Client::Event Client::expect(int chan)
{
    for (;;) {
        auto event = next(Clock::now() + std::chrono::hours(1));
        if (event && (chan < 0 || event->chan == chan))
            return std::move(*event);
    }
}

Error agent_error(View body)
{
    const auto fields = serial::Fields::parse(body);
    if (!fields)
        return {Errc::failed, "the agent sent a malformed error"};
    const auto code = fields->u32(serial::Tag::code).value_or(1);
    const std::string words = text::printable(fields->text(serial::Tag::text).value_or("failed"));
    switch (code) {
    case 2:
    case 3:
    case 5:
    case 6:
    case 7:
    case 126:
    case 127:
        return {static_cast<Errc>(code), "guest: " + words};
    default:
        return {Errc::failed, "guest: " + words};
    }
}

} // namespace xenlab::serial_cli
