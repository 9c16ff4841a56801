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

namespace {

int woken(socket_t fd, int /*events*/, void* /*user*/)
{
    eventfd_t value = 0;
    ::eventfd_read(fd, &value);
    return 0;
}

} // namespace

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
        ssh_event_add_fd(event_.get(), wake_.get(), POLLIN, &woken, nullptr) != SSH_OK)
        throw Error(Errc::failed, "libssh: out of memory");
    ssh_set_counters(session_.get(), &counter_, nullptr);
    told_at_ = TimePoint::clock::now();
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
    notify_everybody();
}

/// Wakes the readers of what has come. libssh takes 4 KiB from the socket at a time: a reader that
/// is woken for each costs more than all the rest, so it is woken once the socket is empty, or when
/// that takes long. Then a stream whose reader can wait a little lets the socket fill again.
void SshCore::tell_readers()
{
    static constexpr std::uint64_t much = 256U << 10U; // bytes a second
    auto nap = std::chrono::milliseconds::max();
    {
        const std::lock_guard lock(mutex_);
        for (const auto& streams : channels_)
            for (Inbox* inbox : {&streams->out, &streams->err})
                if (std::exchange(inbox->untold, false)) {
                    nap = std::min(nap, streams->plan.gather);
                    inbox->changed.notify_all();
                }
    }
    untold_ = false;
    untold_rounds_ = 0;
    const TimePoint now = TimePoint::clock::now();
    const std::chrono::duration<double> since = now - std::exchange(told_at_, now);
    const std::uint64_t bytes = counter_.in_bytes - std::exchange(told_bytes_, counter_.in_bytes);
    if (nap.count() > 0 && static_cast<double>(bytes) > static_cast<double>(much) * since.count())
        std::this_thread::sleep_for(nap);
}

/// One round: what others wish, then what comes in.
void SshCore::serve()
{
    static constexpr unsigned most_rounds = 64; // 256 KiB
    if (work_.exchange(false))
        serve_channels();
    static constexpr long slow_retry = 100; // for what no event announces
    const long limit =
        pending_ ? slow_retry : std::clamp<long>(alive_interval_.count() / 2, 10, 1000);
    const std::uint64_t before = counter_.in_bytes;
    const int result =
        ssh_event_dopoll(event_.get(), work_ || untold_ ? 0 : static_cast<int>(limit));
    if (untold_ && (counter_.in_bytes == before || ++untold_rounds_ >= most_rounds))
        tell_readers();
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

} // namespace xenlab::transport
