// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for Async tasks: any number of them, from any number of threads, with one event loop.
#pragma once

#include <xenlab/xapi/events.hpp>

#include <functional>
#include <optional>

namespace xenlab::xapi {

struct TaskOutcome {
    enum class End {
        success,
        failure,   ///< `fault` says why
        cancelled, ///< by us or somebody else
        vanished,  ///< destroyed or forgotten (toolstack restart) before its end was seen
        timed_out, ///< the deadline passed; it goes on unless cancel() is called
        stopped    ///< the stop_token; it goes on unless cancel() is called
    };
    End end = End::vanished;
    xmlrpc::Value result; ///< decoded from task.result: a reference, an array…; empty text for void
    std::optional<Fault> fault;

    /// The value of a success; throws the Fault otherwise, TASK_CANCELLED, Error{timeout},
    /// Error{interrupted}, or Error{failed} for a task that vanished.
    const xmlrpc::Value& value() const;
};

/// Owns one EventStream and one thread, both started by the first wait. Thread-safe.
class TaskWatch {
  public:
    explicit TaskWatch(Session& session);
    ~TaskWatch();
    TaskWatch(const TaskWatch&) = delete;
    TaskWatch& operator=(const TaskWatch&) = delete;

    /// Waits for the end of the task and destroys it when it has ended. `progress` is called (in
    /// the waiting thread) when progress changed.
    TaskOutcome wait(const Ref<Task>& task, transport::TimePoint deadline,
                     const std::function<void(double)>& progress = {});

    /// async() and wait(): when the deadline passes or a stop is requested, the task is cancelled
    /// and given 5 s to end before that is reported.
    TaskOutcome run(std::string_view method, Session::Params params, transport::TimePoint deadline,
                    const std::function<void(double)>& progress = {});

    /// Asks the server to cancel; true if it took the request. Never throws.
    bool cancel(const Ref<Task>& task) noexcept;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The same for one task without a thread: subscribes to it alone.
TaskOutcome wait_for(Session& session, const Ref<Task>& task, transport::TimePoint deadline,
                     const std::function<void(double)>& progress = {});

/// "<value>…</value>" of task.result.
xmlrpc::Value decode_result(const std::string& result);

} // namespace xenlab::xapi
