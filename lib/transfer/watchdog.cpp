// SPDX-License-Identifier: GPL-3.0-or-later
#include "watchdog.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace xenlab::transfer {
namespace {

constexpr std::int64_t silence_to_ask = 2000; // ms: then the task is looked at, and every so often

} // namespace

Watchdog::Watchdog(xapi::Session& session, xapi::Ref<xapi::Task> task,
                   std::chrono::milliseconds patience)
    : session_(session), task_(std::move(task)), patience_(patience),
      chain_(session.stop(), [this] { stop_.request_stop(); }),
      thread_([this](const std::stop_token& stop) { watch(stop); })
{
}

Watchdog::~Watchdog() = default;

std::int64_t Watchdog::now() noexcept
{
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

void Watchdog::check() const
{
    if (stalled_)
        throw Error(Errc::timeout,
                    fmt::format("neither data nor the server's task moved for {}",
                                text::human_duration(
                                    std::chrono::duration_cast<std::chrono::seconds>(patience_))),
                    "--patience allows more");
}

/// What the server says about the task; `moved` becomes now when that has changed.
void Watchdog::look(double& progress, std::int64_t& moved)
{
    try {
        const xapi::Task record = session_.get_record(task_);
        ended_ = !record.pending();
        if (record.progress != progress)
            moved = now();
        progress = record.progress;
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch)
        // It cannot be asked, or the task is gone: patience decides.
    }
}

void Watchdog::watch(const std::stop_token& stop)
{
    std::mutex mutex;
    std::condition_variable_any never;
    double progress = -2;
    std::int64_t moved = now(); // of the task
    const auto limit = patience_.count();
    const auto pause = std::chrono::milliseconds(
        std::clamp<std::int64_t>(std::min(limit, silence_to_ask) / 2, 20, 1000));
    std::int64_t asked = 0;
    while (!stop.stop_requested() && !stop_.stop_requested()) {
        {
            std::unique_lock lock(mutex);
            never.wait_for(lock, stop, pause, [] { return false; });
        }
        const std::int64_t since = waiting_since_;
        const std::int64_t silent = since == 0 ? 0 : now() - since;
        if (silent < std::min(limit, silence_to_ask) || now() - asked < pause.count())
            continue;
        look(progress, moved);
        asked = now();
        if (ended_) {
            stop_.request_stop();
        } else if (silent >= limit && now() - moved >= limit) {
            stalled_ = true;
            stop_.request_stop();
        }
    }
}

} // namespace xenlab::transfer
