// SPDX-License-Identifier: GPL-3.0-or-later
// What other threads call: they wait, the core's thread works (ssh_core_thread.cpp).
#include "ssh_core.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/eventfd.h>
#include <sys/socket.h>

namespace xenlab::transport {
namespace {

// Enough to keep a fast link busy, not more than a writer should be ahead.
constexpr std::size_t most_unsent = 256U << 10U;

} // namespace

SshCore::SshCore(SshSettings settings, SshOptions options, std::string peer)
    : settings_(std::move(settings)), options_(std::move(options)), peer_(std::move(peer)),
      alive_interval_(settings_.alive_interval ? *settings_.alive_interval
                                               : options_.alive_interval),
      alive_count_(settings_.alive_count.value_or(3)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    if (!wake_)
        throw system_error(errno, "eventfd");
}

SshCore::~SshCore()
{
    close();
}

void SshCore::wake() noexcept
{
    work_ = true;
    ::eventfd_write(wake_.get(), 1);
}

/// With the mutex held.
void SshCore::notify_everybody()
{
    changed_.notify_all();
    for (const auto& streams : channels_) {
        streams->out.changed.notify_all();
        streams->err.changed.notify_all();
    }
}

void SshCore::throw_broken() const
{
    throw Error(Errc::unreachable, fmt::format("{}: {}", peer_, broken_));
}

template <typename Condition>
void SshCore::wait_for(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
                       TimePoint deadline, const std::stop_token& stop, Condition condition)
{
    const bool done = deadline == no_deadline ? changed.wait(lock, stop, condition)
                                              : changed.wait_until(lock, stop, deadline, condition);
    if (done)
        return;
    if (stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    throw Error(Errc::timeout, fmt::format("{}: no answer in time", peer_));
}

void SshCore::start(Route route, const std::stop_token& stop)
{
    route_ = std::move(route);
    session_.reset(ssh_new());
    if (!session_)
        throw Error(Errc::failed, "libssh: out of memory");
    login_deadline_ = deadline_in(options_.login_timeout);
    // The thread holds the core while it runs: it may be left behind by close().
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
    std::unique_lock lock(mutex_);
    try {
        wait_for(changed_, lock, login_deadline_ + std::chrono::milliseconds(200), stop,
                 [this] { return logged_in_ || login_failure_ || finished_; });
    } catch (const Error& error) {
        if (error.code() == Errc::timeout)
            throw Error(Errc::timeout, fmt::format("{}: the login took too long", peer_));
        throw;
    }
    for (const std::string& words : std::exchange(notes_, {}))
        if (options_.note)
            options_.note(words);
    if (login_failure_)
        std::rethrow_exception(login_failure_);
}

void SshCore::close()
{
    closing_ = true;
    wake();
    if (!thread_.joinable())
        return;
    bool ended = false;
    {
        std::unique_lock lock(mutex_);
        if (broken_.empty())
            broken_ = "the session was closed";
        notify_everybody();
        ended = changed_.wait_for(lock, std::chrono::seconds(2), [this] { return finished_; });
    }
    if (ended && thread_.get_id() != std::this_thread::get_id())
        thread_.join();
    else
        thread_.detach();
}

bool SshCore::alive() const
{
    const std::lock_guard lock(mutex_);
    return logged_in_ && broken_.empty();
}

std::shared_ptr<SshStreams> SshCore::open(ChannelPlan plan, TimePoint deadline,
                                          const std::stop_token& stop)
{
    auto streams = std::make_shared<SshStreams>(std::move(plan));
    streams->core = this;
    std::unique_lock lock(mutex_);
    if (!broken_.empty())
        throw_broken();
    channels_.push_back(streams);
    wake();
    try {
        wait_for(changed_, lock, deadline, stop,
                 [&] { return streams->state != SshStreams::State::opening || !broken_.empty(); });
    } catch (const Error&) {
        streams->give_up = true;
        wake();
        throw;
    }
    if (!streams->refusal.empty()) {
        const bool command = streams->plan.kind == ChannelPlan::Kind::command;
        throw Error(command ? Errc::failed : Errc::unreachable,
                    fmt::format("{}: {}", peer_, streams->refusal));
    }
    if (streams->state == SshStreams::State::opening)
        throw_broken();
    return streams;
}

void SshCore::abandon(const std::shared_ptr<SshStreams>& streams)
{
    const std::lock_guard lock(mutex_);
    streams->give_up = true;
    wake();
}

std::size_t SshCore::read(SshStreams& streams, Inbox& from, std::span<std::byte> buffer,
                          TimePoint deadline, const std::stop_token& stop)
{
    if (buffer.empty())
        return 0;
    std::unique_lock lock(mutex_);
    wait_for(from.changed, lock, deadline, stop,
             [&] { return from.size() > 0 || from.ended || !broken_.empty(); });
    const std::size_t n = std::min(buffer.size(), from.size());
    if (n == 0 && !from.ended)
        throw_broken();
    std::memcpy(buffer.data(), from.data.data() + from.at, n);
    from.at += n;
    if (from.size() == 0) {
        from.data.clear();
        from.at = 0;
    }
    if (from.refused && from.size() < streams.plan.buffer)
        wake();
    return n;
}

void SshCore::write(SshStreams& streams, std::span<const std::byte> data, TimePoint deadline,
                    const std::stop_token& stop)
{
    while (!data.empty()) {
        std::unique_lock lock(mutex_);
        wait_for(changed_, lock, deadline, stop, [&] {
            return streams.to_send.size() < most_unsent || streams.input_gone || !broken_.empty();
        });
        if (!broken_.empty())
            throw_broken();
        if (streams.input_gone || streams.send_end)
            throw Error(streams.plan.kind == ChannelPlan::Kind::command ? Errc::failed
                                                                        : Errc::unreachable,
                        fmt::format("{}: the other side no longer reads", peer_));
        const std::size_t n = std::min(data.size(), most_unsent - streams.to_send.size());
        // char may alias every type.
        streams.to_send.append(reinterpret_cast<const char*>(data.data()), n);
        data = data.subspan(n);
        wake();
    }
}

void SshCore::end_input(SshStreams& streams)
{
    const std::lock_guard lock(mutex_);
    streams.send_end = true;
    wake();
}

SshExit SshCore::wait_exit(SshStreams& streams, TimePoint deadline, const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    wait_for(changed_, lock, deadline, stop,
             [&] { return streams.state == SshStreams::State::closed || !broken_.empty(); });
    if (streams.state != SshStreams::State::closed)
        throw_broken();
    return streams.exit;
}

} // namespace xenlab::transport
