// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/xapi/tasks.hpp>
#include <xenlab/xmlrpc/value.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace xenlab::xapi {
namespace {

using Clock = std::chrono::steady_clock;
using End = TaskOutcome::End;

// Events may be lost, and a task may vanish without one: then its record tells.
constexpr std::chrono::seconds doubt{10};
constexpr std::chrono::seconds doubt_without_events{1};
constexpr std::chrono::milliseconds cancel_time{3000};

TaskOutcome outcome_of(const Task& task)
{
    TaskOutcome outcome;
    if (task.status == "success") {
        outcome.end = End::success;
        outcome.result = decode_result(task.result);
    } else if (task.status == "cancelled") {
        outcome.end = End::cancelled;
        outcome.fault.emplace("TASK_CANCELLED");
    } else {
        std::vector<std::string> words = task.error_info;
        if (words.empty())
            words.emplace_back("INTERNAL_ERROR");
        std::string code = words.front();
        words.erase(words.begin());
        outcome.end = code == "TASK_CANCELLED" ? End::cancelled : End::failure;
        outcome.fault.emplace("", std::move(code), std::move(words));
    }
    return outcome;
}

/// The record as it is now, nothing when the task is gone.
std::optional<Task> look(Session& session, const Ref<Task>& ref)
{
    try {
        return session.get_record(ref);
    } catch (const Fault& fault) {
        if (!fault.is("HANDLE_INVALID"))
            throw;
        return std::nullopt;
    }
}

void destroy(Session& session, const Ref<Task>& ref) noexcept
{
    try {
        session.call("task.destroy", {Session::value(ref)});
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): the server forgets it later
    }
}

/// After a deadline or a stop request: asks for the end of the task and waits a little for it.
void cancel_and_bury(Session& session, const Ref<Task>& ref) noexcept
{
    session.clean_up("task.cancel", {Session::value(ref)});
    const auto until = Clock::now() + cancel_time;
    while (Clock::now() < until) {
        const auto record = session.clean_up("task.get_record", {Session::value(ref)});
        if (!record || !Task::from(*record).pending())
            break;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    session.clean_up("task.destroy", {Session::value(ref)});
}

} // namespace

xmlrpc::Value decode_result(const std::string& result)
{
    return result.empty() ? xmlrpc::Value() : xmlrpc::decode_value(result);
}

const xmlrpc::Value& TaskOutcome::value() const
{
    switch (end) {
    case End::success:
        return result;
    case End::timed_out:
        throw Error(Errc::timeout, "the operation did not end in time");
    case End::stopped:
        throw Error(Errc::interrupted, "interrupted");
    case End::vanished:
        throw Error(Errc::failed, "the task vanished, so its result is not known",
                    "the server's toolstack was probably restarted");
    case End::failure:
    case End::cancelled:
        break;
    }
    throw *fault;
}

class TaskWatch::Impl {
  public:
    explicit Impl(Session& session) : session_(session) {}
    ~Impl() { stop_.request_stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    TaskOutcome wait(const Ref<Task>& ref, transport::TimePoint deadline,
                     const std::function<void(double)>& progress);
    Session& session() { return session_; }

  private:
    struct Known {
        Task record;
        bool gone = false;
    };
    void start();
    void listen(const std::stop_token& stop);
    void take(const EventStream::Batch& batch);
    std::optional<TaskOutcome> ended(const Ref<Task>& ref, double& progress);

    Session& session_;
    std::mutex mutex_; ///< guards what follows
    std::condition_variable_any changed_;
    std::map<std::string, Known> tasks_;
    bool listening_ = false; ///< the event loop runs
    bool started_ = false;
    std::stop_source stop_;
    std::jthread thread_; ///< last: joined first
};

void TaskWatch::Impl::start()
{
    if (started_)
        return;
    started_ = listening_ = true;
    thread_ = std::jthread([this] { listen(stop_.get_token()); });
}

void TaskWatch::Impl::listen(const std::stop_token& stop)
{
    // The end of the command stops the loop, and so does the destructor.
    const std::stop_callback chain(session_.stop(), [this] { stop_.request_stop(); });
    try {
        EventStream events(session_, {"task"}, stop);
        while (true)
            take(events.next(transport::no_deadline));
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch)
        // Those who wait ask the server themselves from now on, and hear what is wrong with it.
    }
    const std::lock_guard lock(mutex_);
    listening_ = false;
    changed_.notify_all();
}

void TaskWatch::Impl::take(const EventStream::Batch& batch)
{
    const std::lock_guard lock(mutex_);
    if (batch.everything)
        for (auto& [ref, known] : tasks_)
            known.gone = known.record.pending(); // unless it is announced again below
    for (const Event& event : batch.events) {
        if (event.class_name != "task")
            continue;
        Known& known = tasks_[event.ref];
        known.gone = event.operation == "del";
        if (!known.gone)
            known.record = Task::from(event.snapshot);
    }
    changed_.notify_all();
}

/// With mutex_ held.
std::optional<TaskOutcome> TaskWatch::Impl::ended(const Ref<Task>& ref, double& progress)
{
    const auto found = tasks_.find(ref.str());
    if (found == tasks_.end())
        return std::nullopt;
    const Known& known = found->second;
    if (!known.record.status.empty() && !known.record.pending())
        return outcome_of(known.record);
    if (known.gone)
        return TaskOutcome{};
    progress = known.record.progress;
    return std::nullopt;
}

TaskOutcome TaskWatch::Impl::wait(const Ref<Task>& ref, transport::TimePoint deadline,
                                  const std::function<void(double)>& progress)
{
    double seen = -2;
    std::unique_lock lock(mutex_);
    start();
    while (true) {
        double now = seen;
        if (auto outcome = ended(ref, now)) {
            tasks_.erase(ref.str());
            lock.unlock();
            if (outcome->end != End::vanished)
                destroy(session_, ref);
            return *outcome;
        }
        if (now != seen && progress) {
            seen = now;
            lock.unlock();
            progress(now);
            lock.lock();
            continue;
        }
        seen = now;
        const auto patience = listening_ ? doubt : doubt_without_events;
        const auto until = std::min<transport::TimePoint>(deadline, Clock::now() + patience);
        const auto status = changed_.wait_until(lock, session_.stop(), until, [&] {
            double moved = seen;
            return ended(ref, moved).has_value() || moved != seen;
        });
        if (session_.stop().stop_requested())
            return {.end = End::stopped};
        if (status)
            continue;
        if (Clock::now() >= deadline)
            return {.end = End::timed_out};
        lock.unlock();
        const std::optional<Task> record = look(session_, ref);
        lock.lock();
        Known& known = tasks_[ref.str()];
        known.gone = !record;
        if (record)
            known.record = *record;
    }
}

TaskWatch::TaskWatch(Session& session) : impl_(std::make_unique<Impl>(session)) {}

TaskWatch::~TaskWatch() = default;

TaskOutcome TaskWatch::wait(const Ref<Task>& task, transport::TimePoint deadline,
                            const std::function<void(double)>& progress)
{
    return impl_->wait(task, deadline, progress);
}

TaskOutcome TaskWatch::run(std::string_view method, Session::Params params,
                           transport::TimePoint deadline,
                           const std::function<void(double)>& progress)
{
    const Ref<Task> task = impl_->session().async(method, std::move(params));
    try {
        TaskOutcome outcome = impl_->wait(task, deadline, progress);
        if (outcome.end == End::timed_out || outcome.end == End::stopped)
            cancel_and_bury(impl_->session(), task);
        return outcome;
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted)
            cancel_and_bury(impl_->session(), task);
        throw;
    }
}

bool TaskWatch::cancel(const Ref<Task>& task) noexcept
{
    return impl_->session().clean_up("task.cancel", {Session::value(task)}).has_value();
}

TaskOutcome wait_for(Session& session, const Ref<Task>& ref, transport::TimePoint deadline,
                     const std::function<void(double)>& progress)
{
    EventStream events(session, {"task/" + ref.str()});
    double seen = -2;
    while (true) {
        std::optional<Task> record;
        const auto until = std::min<transport::TimePoint>(deadline, Clock::now() + doubt);
        const auto batch = events.next(until);
        for (const Event& event : batch.events)
            if (event.ref == ref.str() && event.operation != "del")
                record = Task::from(event.snapshot);
        if (!record)
            record = look(session, ref);
        if (!record)
            return {};
        if (!record->pending()) {
            destroy(session, ref);
            return outcome_of(*record);
        }
        if (progress && record->progress != seen)
            progress(seen = record->progress);
        if (Clock::now() >= deadline)
            return {.end = End::timed_out};
    }
}

} // namespace xenlab::xapi
