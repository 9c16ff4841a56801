// SPDX-License-Identifier: GPL-3.0-or-later
// What the thread of a session does for its channels: opens them, and carries bytes to and fro.
#include "ssh_core.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <vector>

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
        inbox.untold = true; // see tell_readers
        streams.core->untold_ = true;
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
};

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
        streams.out.changed.notify_all();
        streams.err.changed.notify_all();
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
    inbox.changed.notify_all();
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
