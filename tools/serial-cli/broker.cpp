// SPDX-License-Identifier: GPL-3.0-or-later
// The loop, the session and what it tells clients.
#include "broker.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/serial/sha256.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

using serial::Op;
using serial::Tag;

constexpr Millis explain_within = 5000; // after RESET the new session should say why

Millis clock_now()
{
    return static_cast<Millis>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

serial::Link::Settings link_settings(const BrokerOptions& options)
{
    serial::Link::Settings s;
    s.side = serial::Side::host;
    s.greeting.mtu = options.mtu;
    s.greeting.window = options.window;
    return s;
}

std::uint32_t random_word()
{
    static std::random_device device;
    return device();
}

} // namespace

Broker::Broker(BrokerOptions options, std::stop_token stop)
    : options_(std::move(options)), stop_(std::move(stop)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), mux_(serial::Side::host, *this),
      link_(link_settings(options_), mux_, random_word), log_(options_.log_path)
{
    mux_.attach(link_);
    if (options_.target.kind == Target::Kind::vm)
        vm_ = std::make_unique<VmLine>(options_.pool, options_.target.vm);
    now_ = started_at_ = last_client_at_ = clock_now();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (options_.socket_path.size() >= sizeof address.sun_path)
        throw Error(Errc::usage, "the path of the broker's socket is too long",
                    "set XDG_RUNTIME_DIR to a short path");
    std::copy(options_.socket_path.begin(), options_.socket_path.end(),
              std::begin(address.sun_path));
    listener_ = io::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // The caller holds the lock of this target, so nobody answers on an old socket.
    ::unlink(options_.socket_path.c_str());
    const mode_t mask = ::umask(0177);
    const bool bound =
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const int error = errno;
    ::umask(mask);
    if (!bound)
        throw system_error(error, options_.socket_path);
    if (::listen(listener_.get(), 16) != 0)
        throw system_error(errno, options_.socket_path);
}

Broker::~Broker()
{
    ::unlink(options_.socket_path.c_str());
    if (line_) {
        // Old device models take a reset for a connection that still stands, for ever.
        ::shutdown(line_.get(), SHUT_WR);
    }
}

void Broker::run()
{
    const std::stop_callback wake(stop_, [this] { ::eventfd_write(wake_.get(), 1); });
    log_.event(fmt::format("broker {} for {}", ::getpid(), options_.target.text));
    connect_line();
    if (options_.ready_fd >= 0) {
        [[maybe_unused]] const ssize_t ignored = ::write(options_.ready_fd, "+", 1);
        ::close(options_.ready_fd);
    }
    while (!stop_.stop_requested() && !quit_)
        turn();
    log_.event("broker ends");
}

Millis Broker::next_wakeup() const
{
    Millis at = line_ && !exclusive() ? link_.wakeup() : serial::never;
    if (!line_)
        at = std::min(at, connecting_.valid() ? now_ + 10 : connect_at_);
    for (const Client& client : clients_) {
        if (client.attach_until != 0)
            at = std::min(at, client.attach_until);
        if (!client.channels.empty())
            at = std::min(at, now_ + 1000);
    }
    if (lost_)
        at = std::min(at, lost_at_ + explain_within);
    if (options_.idle.count() > 0 && clients_.empty())
        at = std::min(at, last_client_at_ + static_cast<Millis>(options_.idle.count()));
    return at;
}

void Broker::turn()
{
    now_ = clock_now();
    if (line_)
        write_line();
    std::vector<pollfd> polls;
    polls.push_back({wake_.get(), POLLIN, 0});
    polls.push_back({listener_.get(), POLLIN, 0});
    const bool output = !to_line_.empty() || !raw_to_line_.empty();
    polls.push_back(
        {line_ ? line_.get() : -1, static_cast<short>(output ? POLLIN | POLLOUT : POLLIN), 0});
    for (const Client& client : clients_)
        polls.push_back({client.fd.get(),
                         static_cast<short>((may_read(client) ? POLLIN : 0) |
                                            (client.out.empty() ? 0 : POLLOUT)),
                         0});
    const Millis at = next_wakeup();
    const int timeout = at == serial::never ? -1
                        : at <= now_        ? 0
                                            : static_cast<int>(std::min<Millis>(at - now_, 60'000));
    if (::poll(polls.data(), polls.size(), timeout) < 0 && errno != EINTR)
        throw system_error(errno, "poll");
    now_ = clock_now();
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    if (connecting_.valid() &&
        connecting_.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
        line_connected();
    if (line_ && (polls[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        read_line();
    std::size_t i = 3;
    for (Client& client : clients_) {
        if (i >= polls.size())
            break;
        const short events = polls[i++].revents;
        if ((events & POLLOUT) != 0)
            write_client(client);
        if ((events & (POLLIN | POLLHUP | POLLERR)) != 0)
            read_client(client);
    }
    if ((polls[1].revents & POLLIN) != 0)
        accept_clients();
    watch_times();
    drop_gone_clients();
}

std::string Broker::why_not_connected() const
{
    if (line_error_.starts_with(options_.target.text))
        return line_error_;
    return fmt::format("{}: {}", options_.target.text,
                       line_error_.empty() ? "not connected" : line_error_);
}

void Broker::watch_times()
{
    if (!line_ && connections_ > 0 && options_.target.kind == Target::Kind::terminal &&
        clients_.empty())
        quit_ = true; // the number of a pseudo-terminal soon belongs to somebody else
    if (!line_ && !connecting_.valid() && now_ >= connect_at_ && !quit_)
        connect_line();
    const bool finding = !line_ && connecting_.valid() && vm_; // which takes its time
    for (Client& client : clients_) {
        if (finding && client.attach_until != 0)
            client.attach_until = now_ + client.attach_for;
        if (client.attach_until != 0 && now_ >= client.attach_until) {
            client.attach_until = 0;
            fail(client, Errc::unreachable,
                 !line_       ? why_not_connected()
                 : link_.up() ? "the agent did not prove that it knows the secret"
                              : "no agent answers on the port");
        }
        const Millis quiet = now_ - std::max(link_.last_heard(), started_at_);
        if (!client.channels.empty() && quiet >= 3000 && now_ >= client.told_quiet + 1000) {
            client.told_quiet = now_;
            std::array<std::byte, 4> body{};
            bytes::store_le(std::span(body), 0,
                            static_cast<std::uint32_t>(std::min<Millis>(quiet, 0xFFFFFFFFU)));
            append_packet(client.out, Kind::quiet, body);
        }
    }
    const bool anybody = std::ranges::any_of(
        clients_, [](const Client& c) { return c.attach_until != 0 || !c.channels.empty(); });
    if (wanted_ && !anybody && !link_.up()) {
        wanted_ = false; // a login prompt need not see greetings for ever
        link_.stop();
    }
    if (lost_ && now_ >= lost_at_ + explain_within)
        tell_lost("the agent has been restarted");
    if (options_.idle.count() > 0 && clients_.empty() &&
        now_ >= last_client_at_ + static_cast<Millis>(options_.idle.count()))
        quit_ = true;
}

// ---- the session

void Broker::on_session(bool fresh, const serial::Greeting& peer)
{
    if (!fresh) {
        log_.event("session goes on");
        for (Client& client : clients_)
            if (client.attach_until != 0 && trusted_ && !lost_)
                tell_attached(client);
        return;
    }
    const bool booted = peer_ && peer_->boot != peer.boot;
    const bool restarted = peer_ && peer_->instance != peer.instance;
    log_.event(
        fmt::format("session {} with agent, mtu {}", link_.session(), link_.payload_limit()));
    if (lost_)
        tell_lost(booted      ? "the guest has rebooted"
                  : restarted ? "the agent has been restarted"
                              : "the session was lost");
    peer_ = peer;
    trusted_ = !peer.auth_required;
    proving_ = false;
    prove_secret();
    for (Client& client : clients_)
        if (client.attach_until != 0 && trusted_)
            tell_attached(client);
}

Buffer Broker::proof_text(std::string_view who) const
{
    Buffer text(as_view(who).begin(), as_view(who).end());
    text.insert(text.end(), link_.nonce().begin(), link_.nonce().end());
    text.insert(text.end(), peer_->nonce.begin(), peer_->nonce.end());
    std::array<std::byte, 2> session{};
    bytes::store_le(std::span(session), 0, link_.session());
    text.insert(text.end(), session.begin(), session.end());
    return text;
}

void Broker::prove_secret()
{
    if (trusted_ || proving_ || !peer_ || !link_.up())
        return;
    for (Client& client : clients_) {
        if (client.attach_until == 0)
            continue;
        if (client.secret.empty()) {
            client.attach_until = 0;
            fail(client, Errc::unreachable, "the agent wants a secret");
            continue;
        }
        const auto proof = serial::hmac_sha256(as_view(client.secret), proof_text("host"));
        mux_.send(0, Op::auth, serial::Message().add(Tag::sha256, View(proof)).body());
        proving_ = true;
        return;
    }
}

void Broker::on_lost()
{
    log_.event("the agent does not know the session any more");
    lost_ = true;
    lost_at_ = now_;
    link_.start(now_);
}

void Broker::tell_lost(std::string_view words)
{
    lost_ = false;
    log_.event(words);
    for (Client& client : clients_) {
        if (client.channels.empty())
            continue;
        client.channels.clear();
        client.to_consume.clear();
        append_packet(client.out, Kind::lost, as_view(words));
    }
}

void Broker::tell_attached(Client& client)
{
    client.attach_until = 0;
    client.secret.clear();
    Buffer body(peer_->boot.begin(), peer_->boot.end());
    body.insert(body.end(), peer_->instance.begin(), peer_->instance.end());
    append_packet(client.out, Kind::attached, body);
}

Broker::Client* Broker::owner_of(std::uint8_t chan)
{
    for (Client& client : clients_)
        if (client.channels.contains(chan))
            return &client;
    return nullptr;
}

void Broker::on_message(std::uint8_t chan, Op op, View body)
{
    if (chan == 0) {
        const auto fields = serial::Fields::parse(body);
        for (Client& client : clients_) {
            if (client.attach_until == 0 || client.secret.empty())
                continue;
            const auto proof = serial::hmac_sha256(as_view(client.secret), proof_text("agent"));
            if (op == Op::auth && fields &&
                serial::equal_digests(fields->bytes(Tag::sha256), proof)) {
                trusted_ = true;
            } else {
                client.attach_until = 0;
                fail(client, Errc::unreachable, "agent and serial-cli do not have the same secret");
            }
            break;
        }
        proving_ = false;
        for (Client& client : clients_)
            if (trusted_ && client.attach_until != 0)
                tell_attached(client);
        prove_secret();
        return;
    }
    Client* client = owner_of(chan);
    if (client == nullptr) {
        if (serial::is_stream(op))
            mux_.consumed(chan, body.size());
        return;
    }
    const std::array<std::byte, 2> head{static_cast<std::byte>(chan), static_cast<std::byte>(op)};
    append_packet(client->out, Kind::message, head, body);
    if (serial::is_stream(op))
        client->to_consume.emplace_back(chan, body.size());
}

void Broker::on_close(std::uint8_t chan)
{
    Client* client = owner_of(chan);
    if (client == nullptr)
        return;
    client->channels.erase(chan);
    const std::array<std::byte, 1> head{static_cast<std::byte>(chan)};
    append_packet(client->out, Kind::closed, head);
}

void Broker::on_noise(View text)
{
    // Damaged frames are noise as well; nobody wants to read them.
    const bool readable = std::ranges::all_of(text, [](std::byte b) {
        return b >= std::byte{0x20} || b == std::byte{'\n'} || b == std::byte{'\r'} ||
               b == std::byte{'\t'} || b == std::byte{0x1b} || b == std::byte{'\b'} ||
               b == std::byte{'\a'};
    });
    if (!readable)
        return;
    log_.text(text);
    for (Client& client : clients_)
        if (client.raw && client.out.size() < (1U << 20U)) // a spy that sleeps misses something
            append_packet(client.out, Kind::bytes, text);
}

bool Broker::exclusive() const
{
    return std::ranges::any_of(clients_,
                               [](const Client& c) { return c.raw == RawMode::exclusive; });
}

} // namespace xenlab::serial_cli
