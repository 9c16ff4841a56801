// SPDX-License-Identifier: GPL-3.0-or-later
// The thread of a session: the only one that calls libssh.
#include "ssh_core.hpp"
#include "ssh_login.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>
#include <libssh/server.h> // ssh_send_keepalive

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

namespace xenlab::transport {

/// libssh calls these in the core's thread, from inside of its own functions.
struct SshCallbacks {
    static SshStreams& self(void* data) { return *static_cast<SshStreams*>(data); }

    /// Takes all or nothing: a part would make libssh open the window although we are behind.
    static int data(ssh_session /*session*/, ssh_channel /*channel*/, void* bytes,
                    std::uint32_t length, int is_stderr, void* user)
    {
        SshStreams& streams = self(user);
        const std::lock_guard lock(streams.core->mutex_);
        Inbox& inbox = is_stderr != 0 ? streams.err : streams.out;
        if (inbox.size() >= streams.plan.buffer) {
            inbox.refused = true;
            return 0;
        }
        if (inbox.at > 0) {
            inbox.data.erase(0, inbox.at);
            inbox.at = 0;
        }
        inbox.data.append(static_cast<const char*>(bytes), length);
        streams.core->changed_.notify_all();
        return static_cast<int>(length);
    }

    static void ended(ssh_session /*session*/, ssh_channel /*channel*/, void* user)
    {
        self(user).core->work_ = true;
    }

    static void status(ssh_session /*session*/, ssh_channel /*channel*/, int code, void* user)
    {
        SshStreams& streams = self(user);
        const std::lock_guard lock(streams.core->mutex_);
        streams.exit.status = code;
    }

    static void signal(ssh_session /*session*/, ssh_channel /*channel*/, const char* name,
                       int /*core*/, const char* /*words*/, const char* /*language*/, void* user)
    {
        SshStreams& streams = self(user);
        const std::lock_guard lock(streams.core->mutex_);
        streams.exit.signal = name == nullptr ? "" : text::printable(name);
    }

    static int woken(socket_t fd, int /*events*/, void* /*user*/)
    {
        eventfd_t value = 0;
        ::eventfd_read(fd, &value);
        return 0;
    }
};

void SshCore::wait_for_socket()
{
    if (closing_)
        throw Error(Errc::interrupted, "interrupted");
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(login_deadline_ - TimePoint::clock::now());
    if (left.count() <= 0)
        throw Error(Errc::timeout, "the login took too long");
    const int flags = ssh_get_poll_flags(session_.get());
    const auto events =
        static_cast<short>(POLLIN | ((flags & SSH_WRITE_PENDING) != 0 ? POLLOUT : 0));
    std::array<pollfd, 2> wait{
        pollfd{.fd = ssh_get_fd(session_.get()), .events = events, .revents = 0},
        pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    ::poll(wait.data(), wait.size(), static_cast<int>(std::min<long>(left.count(), 1000)));
}

void SshCore::login()
{
    const int copy = ::fcntl(route_.socket.get(), F_DUPFD_CLOEXEC, 3); // libssh closes its own
    if (copy < 0)
        throw system_error(errno, "dup");
    SshLogin(
        session_.get(), settings_, options_.config_file, [this] { wait_for_socket(); },
        [this](const std::string& words) {
            const std::lock_guard lock(mutex_);
            notes_.push_back(fmt::format("{}: {}", peer_, words));
        })
        .run(copy);
    event_.reset(ssh_event_new());
    if (!event_ || ssh_event_add_session(event_.get(), session_.get()) != SSH_OK ||
        ssh_event_add_fd(event_.get(), wake_.get(), POLLIN, &SshCallbacks::woken, nullptr) !=
            SSH_OK)
        throw Error(Errc::failed, "libssh: out of memory");
    ssh_set_counters(session_.get(), &counter_, nullptr);
}

void SshCore::run()
{
    try {
        login();
        {
            const std::lock_guard lock(mutex_);
            logged_in_ = true;
            changed_.notify_all();
        }
        heard_ = TimePoint::clock::now();
        while (!closing_)
            serve();
        fail("the session was closed");
    } catch (const Error& error) {
        fail(error.what());
        const std::lock_guard lock(mutex_);
        if (!logged_in_)
            login_failure_ = std::make_exception_ptr(error.within(peer_));
    } catch (const std::exception& error) {
        fail(error.what());
        const std::lock_guard lock(mutex_);
        if (!logged_in_)
            login_failure_ = std::make_exception_ptr(
                Error(Errc::failed, fmt::format("{}: {}", peer_, error.what())));
    }
    for (const auto& streams : channels_)
        release(*streams);
    if (session_ && ssh_is_connected(session_.get()) != 0)
        ssh_disconnect(session_.get()); // tells the server; does not wait
    if (event_)
        ssh_event_remove_fd(event_.get(), wake_.get()); // ssh_event_free would not free its entry
    event_.reset();
    session_.reset();
    route_ = {};
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
}

void SshCore::fail(std::string words)
{
    const std::lock_guard lock(mutex_);
    if (broken_.empty())
        broken_ = std::move(words);
    changed_.notify_all();
}

/// One round: what others wish, then what comes in.
void SshCore::serve()
{
    if (work_.exchange(false))
        serve_channels();
    static constexpr long slow_retry = 100; // for what no event announces
    const long limit =
        pending_ ? slow_retry : std::clamp<long>(alive_interval_.count() / 2, 10, 1000);
    const int result = ssh_event_dopoll(event_.get(), work_ ? 0 : static_cast<int>(limit));
    if (ssh_is_connected(session_.get()) == 0)
        throw Error(Errc::unreachable, "the server closed the connection");
    if (result == SSH_ERROR)
        throw Error(Errc::unreachable, ssh_words(session_.get()));
    if (pending_)
        work_ = true; // the window may be open again, the answer there
    check_alive();
}

/// Anything that arrives is a sign of life, also the answer to a question that means nothing.
void SshCore::check_alive()
{
    const TimePoint now = TimePoint::clock::now();
    if (counter_.in_bytes != counted_) {
        counted_ = counter_.in_bytes;
        heard_ = now;
        unanswered_ = 0;
        return;
    }
    if (alive_interval_.count() == 0 || now - std::max(heard_, asked_) < alive_interval_)
        return;
    if (unanswered_ >= alive_count_)
        throw Error(
            Errc::unreachable,
            fmt::format("no sign of life for {}",
                        text::human_duration(
                            std::chrono::duration_cast<std::chrono::seconds>(now - heard_))));
    if (unanswered_ == 0)
        ssh_send_keepalive(session_.get()); // takes the answer to the last one
    ssh_send_keepalive(session_.get());
    asked_ = now;
    ++unanswered_;
}

void SshCore::serve_channels()
{
    std::vector<std::shared_ptr<SshStreams>> now;
    {
        const std::lock_guard lock(mutex_);
        now.assign(channels_.begin(), channels_.end());
    }
    pending_ = false;
    for (const auto& streams : now) {
        serve_channel(*streams);
        if (streams->step == SshStreams::Step::done) {
            const std::lock_guard lock(mutex_);
            channels_.remove(streams);
        }
    }
}

/// Opens the channel step by step; false while the server has not answered.
bool SshCore::advance(SshStreams& streams)
{
    using Step = SshStreams::Step;
    const ChannelPlan& plan = streams.plan;
    int result = SSH_OK;
    if (streams.step == Step::open) {
        if (streams.handle == nullptr) {
            streams.handle = ssh_channel_new(session_.get());
            if (streams.handle == nullptr)
                throw Error(Errc::failed, "libssh: out of memory");
            streams.callbacks.userdata = &streams;
            streams.callbacks.channel_data_function = &SshCallbacks::data;
            streams.callbacks.channel_eof_function = &SshCallbacks::ended;
            streams.callbacks.channel_close_function = &SshCallbacks::ended;
            streams.callbacks.channel_exit_status_function = &SshCallbacks::status;
            streams.callbacks.channel_exit_signal_function = &SshCallbacks::signal;
            ssh_callbacks_init(&streams.callbacks);
            ssh_set_channel_callbacks(streams.handle, &streams.callbacks);
        }
        result = plan.kind == ChannelPlan::Kind::command ? ssh_channel_open_session(streams.handle)
                 : plan.kind == ChannelPlan::Kind::tcp
                     ? ssh_channel_open_forward(streams.handle, plan.target.c_str(), plan.port,
                                                "127.0.0.1", 0)
                     : ssh_channel_open_forward_unix(streams.handle, plan.target.c_str(),
                                                     "127.0.0.1", 0);
        if (result == SSH_OK)
            streams.step = plan.kind != ChannelPlan::Kind::command ? Step::serve
                           : plan.terminal                         ? Step::terminal
                                                                   : Step::request;
    }
    if (result == SSH_OK && streams.step == Step::terminal) {
        result = ssh_channel_request_pty_size(streams.handle, "xterm", 80, 24);
        if (result == SSH_OK)
            streams.step = Step::request;
    }
    if (result == SSH_OK && streams.step == Step::request) {
        result = ssh_channel_request_exec(streams.handle, plan.target.c_str());
        if (result == SSH_OK)
            streams.step = Step::serve;
    }
    if (result == SSH_AGAIN)
        return false;
    const std::lock_guard lock(mutex_);
    if (result == SSH_OK) {
        streams.state = SshStreams::State::open;
    } else {
        streams.refusal = ssh_words(session_.get());
        streams.state = SshStreams::State::closed;
        streams.step = Step::done;
    }
    changed_.notify_all();
    return true;
}

void SshCore::serve_channel(SshStreams& streams)
{
    {
        const std::lock_guard lock(mutex_);
        if (streams.give_up) {
            streams.step = SshStreams::Step::done;
            streams.state = SshStreams::State::closed;
        }
    }
    if (streams.step == SshStreams::Step::done) {
        release(streams);
        return;
    }
    if (streams.step != SshStreams::Step::serve && !advance(streams)) {
        pending_ = true;
        return;
    }
    if (streams.step == SshStreams::Step::done) {
        release(streams);
        return;
    }
    send(streams);
    take_refused(streams, streams.out, false);
    take_refused(streams, streams.err, true);
    const bool closed = ssh_channel_is_closed(streams.handle) != 0;
    const bool ended = closed || ssh_channel_is_eof(streams.handle) != 0;
    const std::lock_guard lock(mutex_);
    if (ended && !streams.out.refused && !streams.err.refused) {
        streams.out.ended = streams.err.ended = true;
        changed_.notify_all();
    }
    if (closed && !streams.out.refused && !streams.err.refused) {
        streams.state = SshStreams::State::closed;
        streams.input_gone = true;
        changed_.notify_all();
    }
}

/// Takes what libssh kept when there was no room, all of it (see SshCallbacks::data).
void SshCore::take_refused(SshStreams& streams, Inbox& inbox, bool is_stderr)
{
    {
        const std::lock_guard lock(mutex_);
        if (!inbox.refused || inbox.size() >= streams.plan.buffer)
            return;
    }
    std::string data;
    const int waiting = ssh_channel_poll(streams.handle, is_stderr ? 1 : 0);
    if (waiting > 0) {
        data.resize(static_cast<std::size_t>(waiting));
        const int n = ssh_channel_read_nonblocking(streams.handle, data.data(),
                                                   static_cast<std::uint32_t>(data.size()),
                                                   is_stderr ? 1 : 0);
        data.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    const std::lock_guard lock(mutex_);
    inbox.refused = false;
    inbox.data.erase(0, inbox.at);
    inbox.at = 0;
    inbox.data += data;
    changed_.notify_all();
}

void SshCore::send(SshStreams& streams)
{
    bool last = false;
    if (streams.sent == streams.sending.size()) {
        streams.sending.clear();
        streams.sent = 0;
        const std::lock_guard lock(mutex_);
        std::swap(streams.sending, streams.to_send);
        last = streams.send_end;
        if (!streams.sending.empty())
            changed_.notify_all();
    }
    if (streams.sent < streams.sending.size()) {
        const int n =
            ssh_channel_write(streams.handle, streams.sending.data() + streams.sent,
                              static_cast<std::uint32_t>(streams.sending.size() - streams.sent));
        if (n < 0) {
            const std::lock_guard lock(mutex_);
            streams.input_gone = true;
            streams.sending.clear();
            streams.sent = 0;
            changed_.notify_all();
            return;
        }
        streams.sent += static_cast<std::size_t>(n);
        const bool all = streams.sent == streams.sending.size();
        last = last && all;
        const std::lock_guard lock(mutex_);
        pending_ = pending_ || !all;
        if (all && (!streams.to_send.empty() || streams.send_end))
            work_ = true;
    }
    if (last && !streams.end_sent) {
        ssh_channel_send_eof(streams.handle);
        streams.end_sent = true;
    }
}

void SshCore::release(SshStreams& streams)
{
    if (streams.handle == nullptr)
        return;
    ssh_remove_channel_callbacks(streams.handle, &streams.callbacks);
    ssh_channel_free(streams.handle); // closes it first
    streams.handle = nullptr;
    streams.step = SshStreams::Step::done;
}

} // namespace xenlab::transport
