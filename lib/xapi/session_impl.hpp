// SPDX-License-Identifier: GPL-3.0-or-later
// What Session and EventStream share: who is logged in where, and what to do when a call fails.
#pragma once

#include "rpc.hpp"

#include <xenlab/xapi/session.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>

namespace xenlab::xapi {

class Session::Impl {
  public:
    Impl(SessionOptions options, transport::Verifier& verifier, std::stop_token stop);
    ~Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// What one request is made of; the session reference is put in front of `params` unless
    /// `bare`.
    struct Request {
        std::string_view method;
        xmlrpc::Array params;
        bool replayable = false;
        bool bare = false;
        std::chrono::milliseconds timeout{0};
    };
    using Send = std::function<void(const Rpc::Call&)>;
    /// Calls `send` until it went through: logs in, follows, waits and repeats. The same for the
    /// connection of calls and those of event streams, hence the Rpc.
    void carry_out(Rpc& rpc, Request request, const Send& send);

    void log_out();

    struct Login {
        Secret reference;
        Endpoint host;
        unsigned generation = 0;
    };
    /// Logs in if nobody is.
    Login login(Rpc& rpc);

    SessionOptions options;
    transport::Verifier& verifier;
    std::stop_token stop;
    std::atomic<std::uint64_t> requests{0};

    std::mutex call_mutex; ///< guards rpc
    Rpc rpc;

    std::mutex cleaner_mutex;
    Rpc cleaner; ///< works after a stop was requested, too

    std::mutex state_mutex; ///< guards what follows; held during a login so that one does it
    Login state;
    std::vector<Endpoint> members;
    bool from_cache = false; ///< the reference is of an earlier run
    bool logged_in = false;
    std::optional<std::pair<std::string, Secret>> known_credentials;
    std::atomic<bool> served{false}; ///< a call went through in this process

    std::mutex names_mutex;
    std::map<std::string, std::optional<std::string>> names; ///< of references, for faults

  private:
    class Recovery;
    void log_in(Rpc& with);
    bool fail_over(Rpc& with, const Endpoint& dead);
    friend class Session;
};

} // namespace xenlab::xapi
