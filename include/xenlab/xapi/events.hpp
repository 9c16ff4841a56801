// SPDX-License-Identifier: GPL-3.0-or-later
// What happens in a pool, as it happens: event.from in a loop on a connection of its own.
// (observed: wire/xapi-23.1-vm-lifecycle, -events; xapi-observed.md 2)
#pragma once

#include <xenlab/xapi/session.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace xenlab::xapi {

struct Event {
    std::string class_name; ///< lower case, as xapi sends it: "vm", "vm_guest_metrics", "task"
    std::string operation;  ///< "add", "mod", "del"
    std::string ref;
    std::string id;         ///< not monotonic
    xmlrpc::Value snapshot; ///< the record at the time of the answer; empty text for "del"
};

/// One thread. A batch is all adds, then all mods, then all dels; `del` may come for objects never
/// announced, and a `mod` may change nothing visible.
class EventStream {
  public:
    /// `classes`: "vm", "task", "*", or one object as "task/OpaqueRef:…". No I/O.
    EventStream(Session& session, std::vector<std::string> classes);
    /// With a stop_token of its own instead of the session's.
    EventStream(Session& session, std::vector<std::string> classes, std::stop_token stop);
    ~EventStream();
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    struct Batch {
        std::vector<Event> events;
        /// The history before was lost (first batch, EVENTS_LOST, a new login): every object of the
        /// classes is in `events` as "add", and what is not there does not exist.
        bool everything = false;
    };
    /// The next batch, or an empty one when nothing happened until `deadline` (at most 60 s are
    /// waited at a time). Calls are at least 50 ms apart, so a busy pool is not polled faster than
    /// 20 times a second. Throws as Session::call does.
    Batch next(transport::TimePoint deadline);

    /// Changes what is watched from the next batch on.
    void watch(std::vector<std::string> classes);
    /// As if events had been lost: the next batch is everything.
    void restart();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace xenlab::xapi
