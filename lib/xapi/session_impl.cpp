// SPDX-License-Identifier: GPL-3.0-or-later
// Logging in, and what to do about the failures that are not the user's.
#include "session_impl.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>

namespace xenlab::xapi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int max_redirects = 3;

/// Sleeps, but not past the deadline and not past a stop request.
void pause(std::chrono::milliseconds delay, transport::TimePoint deadline,
           const std::stop_token& stop)
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_until(lock, stop, std::min(deadline, Clock::now() + delay), [] { return false; });
    if (stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
}

} // namespace

Session::Impl::Impl(SessionOptions given, transport::Verifier& trusted, std::stop_token token)
    : options(std::move(given)), verifier(trusted), stop(std::move(token)),
      rpc(options, verifier, stop, requests), cleaner(options, verifier, {}, requests),
      members(options.members)
{
    state.host = options.coordinator.value_or(options.endpoint);
    state.reference = std::move(options.cached);
    from_cache = !state.reference.empty();
}

/// What goes wrong while one request is carried out, and how often it may.
class Session::Impl::Recovery {
  public:
    Recovery(Impl& session, Rpc& rpc)
        : session_(session), rpc_(rpc),
          until_(transport::deadline_in(session.options.recovery_timeout))
    {
    }

    /// Returns when the request may be tried again, else throws it on.
    void from(const Fault& fault, const Login& used);
    void from(const Error& error, const Login& used);

  private:
    void wait(std::string_view why);

    Impl& session_;
    Rpc& rpc_;
    transport::TimePoint until_;
    std::chrono::milliseconds delay_{250};
    bool logged_in_again_ = false;
    bool told_ = false;
    int redirects_ = 0;
};

void Session::Impl::Recovery::wait(std::string_view why)
{
    if (!told_ && session_.options.note)
        session_.options.note(why);
    told_ = true;
    pause(delay_, until_, session_.stop);
    delay_ = std::min(delay_ * 2, std::chrono::milliseconds(4000));
}

void Session::Impl::Recovery::from(const Fault& fault, const Login& used)
{
    const bool in_time = Clock::now() < until_;
    if (fault.is("SESSION_INVALID") && (!logged_in_again_ || (told_ && in_time))) {
        logged_in_again_ = true;
        const std::lock_guard lock(session_.state_mutex);
        if (session_.state.generation == used.generation)
            session_.state.reference = {}; // nobody else has logged in meanwhile
    } else if (fault.is("HOST_IS_SLAVE") && redirects_ < max_redirects && !fault.params().empty()) {
        ++redirects_;
        const std::lock_guard lock(session_.state_mutex);
        if (session_.state.host == used.host) {
            session_.state.host.host = fault.params().front(); // the port stays (simulators, NAT)
            session_.state.reference = {};
        }
    } else if (in_time && (fault.is("HOST_STILL_BOOTING") || fault.is("TOO_MANY_PENDING_TASKS"))) {
        wait(fault.is("HOST_STILL_BOOTING") ? "waiting: the server is still booting"
                                            : "waiting: the server has too many tasks");
    } else {
        throw fault; // NOLINT(cert-err09-cpp,cert-err61-cpp): the caller catches it again
    }
}

void Session::Impl::Recovery::from(const Error& error, const Login& used)
{
    if (error.code() != Errc::unreachable || dynamic_cast<const NotXapi*>(&error) != nullptr ||
        Clock::now() >= until_)
        throw error; // NOLINT
    if (session_.fail_over(rpc_, used.host))
        return;
    if (!session_.served)
        throw error; // NOLINT: it never worked, so it is not just restarting
    wait(fmt::format("{}: the server does not answer, waiting for it",
                     text::printable(used.host.url())));
}

void Session::Impl::carry_out(Rpc& with, Request request, const Send& send)
{
    Recovery recovery(*this, with);
    while (true) {
        Login used;
        {
            const std::lock_guard lock(state_mutex);
            used = state;
        }
        try {
            xmlrpc::Array params;
            if (!request.bare) {
                used = login(with);
                params.emplace_back(used.reference.reveal());
            }
            params.insert(params.end(), request.params.begin(), request.params.end());
            send({.host = used.host,
                  .method = request.method,
                  .params = params,
                  .replayable = request.replayable,
                  .deadline = transport::deadline_in(request.timeout)});
            served = true;
            return;
        } catch (const Fault& fault) {
            recovery.from(fault, used);
        } catch (const transport::RequestLost& lost) {
            if (!request.replayable || lost.code() != Errc::unreachable)
                throw;
            recovery.from(lost, used);
        } catch (const Error& error) {
            recovery.from(error, used);
        }
    }
}

Session::Impl::Login Session::Impl::login(Rpc& with)
{
    const std::lock_guard lock(state_mutex);
    if (state.reference.empty())
        log_in(with);
    return state;
}

/// With state_mutex held.
void Session::Impl::log_in(Rpc& with)
{
    if (!known_credentials && options.credentials)
        known_credentials = options.credentials();
    if (!known_credentials)
        throw Error(Errc::unreachable, "the session has gone and there is no password to log in");
    const xmlrpc::Array params{xmlrpc::Value(known_credentials->first),
                               xmlrpc::Value(known_credentials->second.reveal()),
                               xmlrpc::Value("1.0"), xmlrpc::Value(options.originator)};
    const auto answer = with.call({.host = state.host,
                                   .method = "session.login_with_password",
                                   .params = params,
                                   .replayable = true,
                                   .deadline = transport::deadline_in(options.call_timeout)});
    state.reference = Secret(answer.as_scalar().value_or(""));
    if (state.reference.empty())
        throw Error(Errc::bad_data, "the server gave no session");
    ++state.generation;
    logged_in = true;
    served = true;
    if (options.on_login)
        options.on_login(state.reference, state.host);
}

/// Moves to another member that answers. One of them knows the coordinator: it says HOST_IS_SLAVE.
bool Session::Impl::fail_over(Rpc& with, const Endpoint& dead)
{
    std::vector<Endpoint> candidates;
    {
        const std::lock_guard lock(state_mutex);
        if (state.host != dead)
            return true; // somebody has already
        candidates = members;
        candidates.push_back(options.endpoint);
    }
    for (const Endpoint& candidate : candidates) {
        if (candidate == dead)
            continue;
        Endpoint coordinator = candidate;
        try {
            const xmlrpc::Array params{xmlrpc::Value("OpaqueRef:NULL")};
            with.call({.host = candidate,
                       .method = "session.get_uuid",
                       .params = params,
                       .replayable = true,
                       .deadline = transport::deadline_in(options.connect_timeout)});
        } catch (const Fault& fault) { // an answer, whatever it says
            if (fault.is("HOST_IS_SLAVE") && !fault.params().empty())
                coordinator.host = fault.params().front();
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted)
                throw;
            continue;
        }
        if (coordinator == dead)
            continue; // it still believes in the one that does not answer
        const std::lock_guard lock(state_mutex);
        if (state.host == dead) {
            state.host = coordinator;
            state.reference = {};
        }
        if (options.note)
            options.note(fmt::format("{} does not answer, going on with {}",
                                     text::printable(dead.url()),
                                     text::printable(coordinator.url())));
        return true;
    }
    return false;
}

void Session::Impl::log_out()
{
    if (options.keep_login || !logged_in || state.reference.empty())
        return;
    try {
        const xmlrpc::Array params{xmlrpc::Value(state.reference.reveal())};
        cleaner.call({.host = state.host,
                      .method = "session.logout",
                      .params = params,
                      .replayable = false,
                      .deadline = transport::deadline_in(std::chrono::seconds(3))});
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch)
        // The server forgets sessions by itself.
    }
}

} // namespace xenlab::xapi
