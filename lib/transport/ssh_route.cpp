// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_route.hpp"

#include "connect.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/io/process.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace xenlab::transport {
namespace {

constexpr unsigned most_jumps = 8;

std::pair<io::Fd, io::Fd> socket_pair()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw system_error(errno, "socketpair");
    return {io::Fd(ends[0]), io::Fd(ends[1])};
}

/// The user's proxy command; it is told to go when the connection ends.
class ProxyProcess final : public RouteKeeper {
  public:
    explicit ProxyProcess(pid_t child) : child_(child) {}
    ~ProxyProcess() override
    {
        if (gone_within(std::chrono::milliseconds(300))) // it has read the end of its input
            return;
        ::kill(-child_, SIGTERM);
        if (gone_within(std::chrono::milliseconds(500)))
            return;
        ::kill(-child_, SIGKILL);
        gone_within(std::chrono::milliseconds(500));
    }

  private:
    bool gone_within(std::chrono::milliseconds time) const
    {
        const TimePoint end = deadline_in(time);
        for (;;) {
            if (::waitpid(child_, nullptr, WNOHANG) != 0)
                return true;
            if (TimePoint::clock::now() >= end)
                return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }

    pid_t child_;
};

Route start_proxy(const std::string& command)
{
    auto [ours, theirs] = socket_pair();
    // A group of its own: the terminal's Ctrl-C is for us, who end the proxy in good order.
    const pid_t child = io::start_shell(
        command.starts_with("exec ") ? command : "exec " + command,
        {.in = theirs.get(), .out = theirs.get(), .group = io::ProcessOptions::Group::own});
    return {std::move(ours), std::make_unique<ProxyProcess>(child)};
}

/// Copies between a channel through a jump host and the socket that libssh talks to.
class Jump final : public RouteKeeper {
  public:
    Jump(std::unique_ptr<SshSession> session, std::unique_ptr<Channel> channel, io::Fd socket)
        : session_(std::move(session)), channel_(std::move(channel)), socket_(std::move(socket)),
          up_([this] { copy_up(); }), down_([this] { copy_down(); })
    {
    }
    ~Jump() override
    {
        ::shutdown(socket_.get(), SHUT_RDWR);
        session_.reset(); // ends the reads of channel_
    }

  private:
    void copy_up()
    {
        std::array<std::byte, 32768> buffer{};
        try {
            for (;;) {
                const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
                if (n < 0 && errno == EINTR)
                    continue;
                if (n <= 0)
                    break;
                channel_->write(std::span(buffer).first(static_cast<std::size_t>(n)), {},
                                no_deadline);
            }
        } catch (const Error&) { // the outer session sees the end of its socket
        }
        ::shutdown(socket_.get(), SHUT_RDWR);
    }

    void copy_down()
    {
        std::array<std::byte, 32768> buffer{};
        try {
            while (const std::size_t n = channel_->read(buffer, no_deadline))
                if (!send_all(std::span(buffer).first(n)))
                    break;
        } catch (const Error&) {
        }
        ::shutdown(socket_.get(), SHUT_RDWR);
    }

    bool send_all(std::span<const std::byte> data)
    {
        while (!data.empty()) {
            const ssize_t n = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
            if (n < 0 && errno != EINTR)
                return false;
            data = data.subspan(n < 0 ? 0 : static_cast<std::size_t>(n));
        }
        return true;
    }

    std::unique_ptr<SshSession> session_;
    std::unique_ptr<Channel> channel_;
    io::Fd socket_;
    std::jthread up_, down_; ///< last: use all the others
};

Route jump_through(const SshSettings& settings, const SshOptions& options, unsigned depth,
                   const std::stop_token& stop)
{
    if (depth >= most_jumps)
        throw Error(Errc::usage, "too many jump hosts behind each other");
    SshSettings last = read_ssh_config(settings.jumps.back(), options.config_file);
    if (settings.jumps.size() > 1) { // those in front are the way to the last one
        last.jumps.assign(settings.jumps.begin(), settings.jumps.end() - 1);
        last.proxy_command.clear();
    }
    auto session = connect_ssh_at(last, options, depth + 1, stop);
    const auto limit =
        settings.connect_timeout ? *settings.connect_timeout : options.connect_timeout;
    std::unique_ptr<Channel> channel;
    try {
        channel = session->forward_tcp(settings.host, settings.port, deadline_in(limit), stop);
    } catch (const Error& error) {
        throw error.within("through " + session->peer());
    }
    auto [ours, theirs] = socket_pair();
    return {std::move(ours),
            std::make_unique<Jump>(std::move(session), std::move(channel), std::move(theirs))};
}

} // namespace

Route open_route(const SshSettings& settings, const SshOptions& options, unsigned depth,
                 const std::stop_token& stop)
{
    if (!settings.jumps.empty())
        return jump_through(settings, options, depth, stop);
    if (!settings.proxy_command.empty())
        return start_proxy(settings.proxy_command);
    const auto limit =
        settings.connect_timeout ? *settings.connect_timeout : options.connect_timeout;
    return {
        connect_socket(settings.host, settings.port,
                       {.family = settings.address_family, .bind_address = settings.bind_address},
                       deadline_in(limit), stop),
        nullptr};
}

} // namespace xenlab::transport
