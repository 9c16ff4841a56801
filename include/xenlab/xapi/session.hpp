// SPDX-License-Identifier: GPL-3.0-or-later
// A login on a pool's coordinator and calls under it.
//
//   Session session(options, verifier, stop);
//   for (auto& vm : session.get_all<xapi::Vm>())  …           // one request, record by record
//   Ref<Task> task = session.async("VM.start", {vm.ref, false, false});
//   TaskOutcome done = xapi::wait_for(session, task, deadline); // xapi/tasks.hpp
//
// What it does by itself: logs in when the first call needs it, with an originator of its own (the
// server keeps 500 sessions for each and drops the oldest of those without, xapi.md 1.4); logs in
// again once when the session has gone; follows HOST_IS_SLAVE to the coordinator; tries the members
// it was told of when the coordinator does not answer; repeats reading calls when the connection
// breaks, waits and repeats while the server is still booting or has too many tasks.
// What it never does: repeat a call that changes something when it may have been carried out; then
// it throws transport::RequestLost.
#pragma once

#include <xenlab/base/secret.hpp>
#include <xenlab/transport/channel.hpp>
#include <xenlab/transport/http_client.hpp>
#include <xenlab/transport/trust.hpp>
#include <xenlab/xapi/fault.hpp>
#include <xenlab/xapi/records.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xenlab::xapi {

/// Where a server is.
struct Endpoint {
    std::string host; ///< name or address, IPv6 without brackets
    std::uint16_t port = 443;
    bool tls = true; ///< false only for tests on loopback

    [[nodiscard]] std::string url() const; ///< "https://host:port"; without ":443"
    bool operator==(const Endpoint&) const = default;
};
/// "host", "host:port", "[v6]:port", "https://host:port/". Throws Error{usage}.
Endpoint parse_endpoint(std::string_view text);

struct SessionOptions {
    Endpoint endpoint;
    std::optional<Endpoint> coordinator; ///< where an earlier run found it; asked first
    std::vector<Endpoint> members;       ///< tried when `endpoint` does not answer
    std::string originator = "xenlab";
    std::string user_agent = "xenlab";
    /// Called at most once, when a login is needed.
    std::function<std::pair<std::string, Secret>()> credentials;
    Secret cached;           ///< a session reference of an earlier run, may be empty
    bool keep_login = false; ///< do not log out at the end: somebody keeps the reference
    /// Told when a login gave a new reference, and where; to cache it. The second login after
    /// SESSION_INVALID calls it again.
    std::function<void(const Secret& session, const Endpoint&)> on_login;
    /// Words for people: "waiting for the server to finish booting".
    std::function<void(std::string_view)> note;
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds call_timeout{60'000};      ///< of one call with its answer
    std::chrono::milliseconds recovery_timeout{120'000}; ///< for HOST_STILL_BOOTING and restarts
};

/// Thread-safe: calls go out one at a time on one kept connection; a thread that waits for events
/// has a connection of its own (`EventStream`).
class Session {
  public:
    using Params = xmlrpc::Array;

    /// No I/O. `verifier` must outlive the session.
    Session(SessionOptions options, transport::Verifier& verifier, std::stop_token stop);
    /// Logs out, unless the login is kept; never throws.
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Any method of the API; the session reference is put in front of `params`. Throws Fault for
    /// what the server refuses, transport's errors, Error{bad_data} for answers that are none.
    xmlrpc::Value call(std::string_view method, Params params = {});
    /// Methods without a session ("system.listMethods").
    xmlrpc::Value call_without_session(std::string_view method, Params params = {});
    /// For cleaning up, also after a stop was requested: on a connection of its own, within 3 s,
    /// and without exceptions. Nothing when the server did not do it.
    std::optional<xmlrpc::Value> clean_up(std::string_view method, Params params) noexcept;
    /// Async.METHOD: returns at once with the task. Whoever calls it destroys the task.
    Ref<Task> async(std::string_view method, Params params);

    /// All records of a class as they arrive, each `{field: value}`; `where` is xapi's query
    /// language ("field \"is_a_template\" = \"false\""), empty for all. The callback must not call
    /// this session. Throws RequestLost when the connection breaks after records were handed out.
    void each_record(std::string_view class_name, std::string_view where,
                     const std::function<void(std::string ref, const xmlrpc::Value&)>& callback);

    template <typename T>
    std::vector<Object<T>> get_all(std::string_view where = {})
    {
        std::vector<Object<T>> all;
        for (bool again = false;; again = true) {
            all.clear();
            try {
                each_record(T::class_name, where,
                            [&](std::string ref, const xmlrpc::Value& record) {
                                all.push_back({Ref<T>(std::move(ref)), T::from(record)});
                            });
                return all;
            } catch (const transport::RequestLost&) { // in the middle of the answer
                if (again)
                    throw;
            }
        }
    }
    template <typename T>
    T get_record(const Ref<T>& ref)
    {
        return T::from(call(std::string(T::class_name) + ".get_record", {value(ref)}));
    }
    template <typename T>
    Ref<T> get_by_uuid(const std::string& uuid)
    {
        return Ref<T>(call(std::string(T::class_name) + ".get_by_uuid", {xmlrpc::Value(uuid)})
                          .as_scalar()
                          .value_or(""));
    }

    /// The reference as a parameter.
    template <typename T>
    static xmlrpc::Value value(const Ref<T>& ref)
    {
        return xmlrpc::Value(ref.str());
    }

    /// The reference for queries of transfer handlers and consoles; logs in if that was not done.
    Secret reference();
    /// The coordinator, after redirections.
    [[nodiscard]] Endpoint coordinator() const;
    /// Number of the login; grows when the session was lost and made anew: task references of
    /// before are then gone.
    [[nodiscard]] unsigned generation() const;

    [[nodiscard]] transport::Verifier& verifier() const noexcept;
    [[nodiscard]] const std::stop_token& stop() const noexcept;
    [[nodiscard]] const SessionOptions& options() const noexcept;

    /// Names for Fault::explain out of answers to get_name_label and get_uuid; asks each reference
    /// once, and the class is told by the code's parameters. Never throws.
    Fault explained(const Fault& fault);

    /// Number of requests sent so far (for benchmarks and -vv).
    [[nodiscard]] std::uint64_t requests() const noexcept;

  private:
    friend class EventStream;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::xapi
