// SPDX-License-Identifier: GPL-3.0-or-later
// The objects that callers hold: a session, its commands and its channels, all on one SshCore.
#include "ssh_core.hpp"
#include "ssh_noise.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <utility>

namespace xenlab::transport {
namespace {

class Command final : public SshCommand {
  public:
    Command(std::shared_ptr<SshCore> core, std::shared_ptr<SshStreams> streams,
            std::stop_token stop, const std::string& mark)
        : core_(std::move(core)), streams_(std::move(streams)), stop_(std::move(stop)), out_(mark),
          err_(streams_->plan.terminal ? std::string() : mark)
    {
    }
    ~Command() override { core_->abandon(streams_); }
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    std::size_t read_stdout(std::span<std::byte> buffer, TimePoint deadline) override
    {
        return read(streams_->out, out_, buffer, deadline);
    }
    std::size_t read_stderr(std::span<std::byte> buffer, TimePoint deadline) override
    {
        return read(streams_->err, err_, buffer, deadline);
    }
    void write_stdin(std::span<const std::byte> data, TimePoint deadline) override
    {
        core_->write(*streams_, data, deadline, stop_);
    }
    void close_stdin() override { core_->end_input(*streams_); }
    SshExit wait(TimePoint deadline) override
    {
        return core_->wait_exit(*streams_, deadline, stop_);
    }

  private:
    std::size_t read(Inbox& inbox, NoiseFilter& filter, std::span<std::byte> buffer,
                     TimePoint deadline)
    {
        while (!filter.quiet()) {
            std::array<std::byte, 4096> part{};
            const std::size_t n = core_->read(*streams_, inbox, part, deadline, stop_);
            if (n == 0)
                throw filter.never_quiet(core_->peer());
            filter.take(std::span(part).first(n));
        }
        if (const std::size_t n = filter.give(buffer); n > 0)
            return n;
        return core_->read(*streams_, inbox, buffer, deadline, stop_);
    }

    std::shared_ptr<SshCore> core_;
    std::shared_ptr<SshStreams> streams_;
    std::stop_token stop_;
    NoiseFilter out_, err_;
};

class Forward final : public Channel {
  public:
    Forward(std::shared_ptr<SshCore> core, std::shared_ptr<SshStreams> streams, std::string peer,
            std::stop_token stop)
        : core_(std::move(core)), streams_(std::move(streams)), peer_(std::move(peer)),
          stop_(std::move(stop))
    {
    }
    ~Forward() override { core_->abandon(streams_); }
    Forward(const Forward&) = delete;
    Forward& operator=(const Forward&) = delete;

    std::size_t read(std::span<std::byte> buffer, TimePoint deadline) override
    {
        return core_->read(*streams_, streams_->out, buffer, deadline, stop_);
    }
    void write(std::span<const std::byte> head, std::span<const std::byte> body,
               TimePoint deadline) override
    {
        core_->write(*streams_, head, deadline, stop_);
        core_->write(*streams_, body, deadline, stop_);
    }
    [[nodiscard]] const std::string& peer() const noexcept override { return peer_; }

  private:
    std::shared_ptr<SshCore> core_;
    std::shared_ptr<SshStreams> streams_;
    std::string peer_;
    std::stop_token stop_;
};

class Session final : public SshSession {
  public:
    explicit Session(std::shared_ptr<SshCore> core) : core_(std::move(core)) {}
    ~Session() override { core_->close(); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    std::unique_ptr<SshCommand> start(const std::string& command, const SshCommandOptions& options,
                                      TimePoint deadline) override
    {
        const std::string mark = options.skip_noise ? noise_mark() : std::string();
        ChannelPlan plan{.kind = ChannelPlan::Kind::command,
                         .target = options.skip_noise ? with_mark(command, mark) : command,
                         .port = 0,
                         .terminal = options.terminal,
                         .buffer = options.buffer,
                         .gather = options.gather};
        auto streams = core_->open(std::move(plan), deadline, options.stop);
        return std::make_unique<Command>(core_, std::move(streams), options.stop, mark);
    }

    std::unique_ptr<Channel> forward_tcp(const std::string& host, std::uint16_t port,
                                         TimePoint deadline, const std::stop_token& stop) override
    {
        return forward({.kind = ChannelPlan::Kind::tcp,
                        .target = host,
                        .port = port,
                        .terminal = false,
                        .buffer = forward_buffer},
                       fmt::format("{}:{}", text::printable(host), port), deadline, stop);
    }

    std::unique_ptr<Channel> forward_unix(const std::string& path, TimePoint deadline,
                                          const std::stop_token& stop) override
    {
        return forward({.kind = ChannelPlan::Kind::unix_socket,
                        .target = path,
                        .port = 0,
                        .terminal = false,
                        .buffer = forward_buffer},
                       text::printable(path), deadline, stop);
    }

    [[nodiscard]] bool alive() const override { return core_->alive(); }
    [[nodiscard]] const std::string& peer() const noexcept override { return core_->peer(); }

  private:
    static constexpr std::size_t forward_buffer = 256U << 10U;

    std::unique_ptr<Channel> forward(ChannelPlan plan, const std::string& where, TimePoint deadline,
                                     const std::stop_token& stop)
    {
        try {
            auto streams = core_->open(std::move(plan), deadline, stop);
            return std::make_unique<Forward>(core_, std::move(streams),
                                             where + " through " + core_->peer(), stop);
        } catch (const Error& error) {
            throw error.within(where);
        }
    }

    std::shared_ptr<SshCore> core_;
};

} // namespace

std::unique_ptr<SshSession> connect_ssh_at(const SshSettings& settings, const SshOptions& options,
                                           unsigned depth, std::stop_token stop)
{
    const bool v6 = settings.host.find(':') != std::string::npos;
    std::string peer = fmt::format("{}@{}{}{}", text::printable(settings.user), v6 ? "[" : "",
                                   text::printable(settings.host), v6 ? "]" : "");
    if (settings.port != 22)
        peer += fmt::format(":{}", settings.port);
    Route route = open_route(settings, options, depth, stop);
    auto core = std::make_shared<SshCore>(settings, options, std::move(peer));
    auto session = std::make_unique<Session>(core);
    core->start(std::move(route), stop);
    return session;
}

std::unique_ptr<SshSession> connect_ssh(const SshTarget& target, const SshOptions& options,
                                        std::stop_token stop)
{
    return connect_ssh_at(read_ssh_config(target, options.config_file), options, 0,
                          std::move(stop));
}

} // namespace xenlab::transport
