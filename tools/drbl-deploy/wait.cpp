// SPDX-License-Identifier: GPL-3.0-or-later
#include "wait.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/cli/progress.hpp>

#include <fmt/format.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

namespace drbl_deploy {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

void pause(std::chrono::milliseconds delay, Deadline deadline, std::string_view what,
           const std::stop_token& stop)
{
    if (Clock::now() + delay > deadline)
        throw Error(Errc::timeout, std::string(what),
                    "the job goes on; drbl-deploy status --wait waits again");
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, delay, [] { return false; });
    if (stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted", "the job on the server goes on");
}

drbl::JobStatus survey_job(Server& server, Deadline deadline, const cli::Context& context)
{
    for (auto delay = 1000ms;; delay = std::min<std::chrono::milliseconds>(delay * 2, 15s)) {
        try {
            return drbl::read_status(server.survey({"job"}));
        } catch (const Error& error) {
            // A first connection must work; a lost one comes back or not.
            if (error.code() != Errc::unreachable && error.code() != Errc::timeout)
                throw;
            server.disconnect();
            context.warning(fmt::format("{}; trying again", error.what()));
            pause(delay, deadline, error.what(), context.stop);
        }
    }
}

WaitOptions wait_options(const cli::Context& context)
{
    WaitOptions options;
    if (context.shared.timeout.count() > 0)
        options.timeout = context.shared.timeout;
    return options;
}

std::function<void(const drbl::JobStatus&)> report_news(const cli::Context& context)
{
    auto seen = std::make_shared<std::map<std::string, drbl::ClientStatus::State>>();
    return [&context, seen](const drbl::JobStatus& status) {
        for (const drbl::ClientStatus& client : status.clients) {
            auto [it, first] = seen->try_emplace(client.client.ip, client.state);
            if (!first && it->second == client.state)
                continue;
            if (first && client.state == drbl::ClientStatus::State::waiting)
                continue;
            it->second = client.state;
            context.note(fmt::format("{}: {}{}{}", client.client.ip, drbl::name_of(client.state),
                                     client.message.empty() ? "" : ": ",
                                     text::printable(client.message)));
        }
    };
}

namespace {

/// What grows as long as anything happens.
std::uint64_t moved_bytes(const drbl::JobStatus& status)
{
    std::uint64_t sum = status.position.value_or(0);
    for (const drbl::ClientStatus& client : status.clients)
        sum += client.bytes.value_or(0);
    return sum;
}

} // namespace

drbl::JobStatus wait_for_job(Server& server, const WaitOptions& options,
                             const cli::Context& context,
                             const std::function<void(const drbl::JobStatus&)>& changed)
{
    const auto deadline = Clock::now() + options.timeout;
    cli::Progress progress(context, "job");
    auto moved = Clock::now();
    std::pair<std::uint64_t, std::size_t> last{0, 0};
    bool stalled = false;
    for (auto delay = 500ms;;
         delay = std::min<std::chrono::milliseconds>(delay * 2, options.interval)) {
        drbl::JobStatus status = survey_job(server, deadline, context);
        progress.clear();
        changed(status);
        if (status.over())
            return status;
        if (status.position)
            progress.update(*status.position, status.total);
        const std::pair<std::uint64_t, std::size_t> now{
            moved_bytes(status), status.count(drbl::ClientStatus::State::waiting)};
        if (now != last) {
            last = now;
            moved = Clock::now();
            stalled = false;
        } else if (Clock::now() - moved > options.stall && !stalled) {
            stalled = true;
            context.warning(
                fmt::format("nothing has moved for {}", text::human_duration(options.stall)));
        }
        pause(delay, deadline,
              fmt::format("{} of {} clients are done",
                          status.count(drbl::ClientStatus::State::done), status.clients.size()),
              context.stop);
    }
}

} // namespace drbl_deploy
