// SPDX-License-Identifier: GPL-3.0-or-later
#include "session_impl.hpp"

#include <xenlab/xapi/events.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace xenlab::xapi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds pace{50};
constexpr std::chrono::milliseconds longest_wait{30'000};
constexpr std::chrono::milliseconds answer_time{15'000}; // beyond the server's own wait

std::string text_of(const xmlrpc::Value& event, std::string_view field)
{
    const xmlrpc::Value* value = event.find(field);
    return value == nullptr ? std::string() : value->as_scalar().value_or("");
}

} // namespace

class EventStream::Impl {
  public:
    Impl(Session& session, std::vector<std::string> classes, std::stop_token stop)
        : session_(*session.impl_), classes_(std::move(classes)), stop_(std::move(stop)),
          rpc_(session_.options, session_.verifier, stop_, session_.requests)
    {
    }

    Batch next(transport::TimePoint deadline);
    void watch(std::vector<std::string> classes) { classes_ = std::move(classes); }
    void restart() { token_.clear(); }

  private:
    void keep_pace();
    xmlrpc::Value ask(std::chrono::milliseconds wait);

    Session::Impl& session_;
    std::vector<std::string> classes_;
    std::stop_token stop_;
    Rpc rpc_;
    std::string token_;
    unsigned generation_ = 0; ///< of the login under which token_ was given
    Clock::time_point last_{};
};

void EventStream::Impl::keep_pace()
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_until(lock, stop_, last_ + pace, [] { return false; });
    if (stop_.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    last_ = Clock::now();
}

xmlrpc::Value EventStream::Impl::ask(std::chrono::milliseconds wait)
{
    xmlrpc::Array classes;
    for (const std::string& name : classes_)
        classes.emplace_back(name);
    xmlrpc::Array params{xmlrpc::Value(std::move(classes)), xmlrpc::Value(token_),
                         xmlrpc::Value(std::chrono::duration<double>(wait).count())};
    xmlrpc::Value answer;
    session_.carry_out(rpc_,
                       {.method = "event.from",
                        .params = std::move(params),
                        .replayable = true,
                        .timeout = wait + answer_time},
                       [&](const Rpc::Call& call) {
                           unsigned generation = 0;
                           {
                               const std::lock_guard lock(session_.state_mutex);
                               generation = session_.state.generation;
                           }
                           // A token of before a restart may lie in the future of the new count,
                           // and then the server waits for ever.
                           if (generation != generation_)
                               token_.clear();
                           generation_ = generation;
                           xmlrpc::Array again = call.params;
                           again[2] = xmlrpc::Value(token_);
                           answer = rpc_.call({.host = call.host,
                                               .method = call.method,
                                               .params = again,
                                               .replayable = true,
                                               .deadline = call.deadline});
                       });
    return answer;
}

EventStream::Batch EventStream::Impl::next(transport::TimePoint deadline)
{
    keep_pace();
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::min<Clock::duration>(deadline - Clock::now(), longest_wait));
    const auto wait = std::max(rest, std::chrono::milliseconds(0));
    Batch batch;
    xmlrpc::Value answer;
    try {
        answer = ask(wait);
    } catch (const Fault& fault) {
        if (!fault.is("EVENTS_LOST") && !fault.is("EVENT_FROM_TOKEN_PARSE_FAILURE"))
            throw;
        token_.clear();
        answer = ask(wait);
    }
    batch.everything = token_.empty();
    const std::string token = text_of(answer, "token");
    const xmlrpc::Value* events = answer.find("events");
    if (token.empty() || events == nullptr || events->if_array() == nullptr)
        throw Error(Errc::bad_data, "event.from: an answer without events or token");
    token_ = token;
    for (const xmlrpc::Value& event : *events->if_array()) {
        const xmlrpc::Value* snapshot = event.find("snapshot");
        batch.events.push_back({.class_name = text_of(event, "class"),
                                .operation = text_of(event, "operation"),
                                .ref = text_of(event, "ref"),
                                .id = text_of(event, "id"),
                                .snapshot = snapshot == nullptr ? xmlrpc::Value() : *snapshot});
    }
    return batch;
}

EventStream::EventStream(Session& session, std::vector<std::string> classes)
    : EventStream(session, std::move(classes), session.stop())
{
}

EventStream::EventStream(Session& session, std::vector<std::string> classes, std::stop_token stop)
    : impl_(std::make_unique<Impl>(session, std::move(classes), std::move(stop)))
{
}

EventStream::~EventStream() = default;

EventStream::Batch EventStream::next(transport::TimePoint deadline)
{
    return impl_->next(deadline);
}

void EventStream::watch(std::vector<std::string> classes)
{
    impl_->watch(std::move(classes));
}

void EventStream::restart()
{
    impl_->restart();
}

} // namespace xenlab::xapi
