// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch.hpp"

#include "batch_rows.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/base/thread_pool.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace xvm {
namespace {

using Clock = std::chrono::steady_clock;
using Status = Row::Status;

/// Hands out items to workers within the limits, lowest first.
class Schedule {
  public:
    Schedule(const std::vector<Item>& items, const BatchOptions& options, const BatchSpec& spec,
             std::stop_token stop)
        : items_(items), started_(items.size()), stop_(std::move(stop)),
          per_host_(options.per_host != 0 ? options.per_host : spec.per_host),
          stagger_(options.stagger), fail_fast_(options.fail_fast)
    {
    }

    /// The next item that may start now; waits for one. Nothing when there is none left, a stop was
    /// requested, or one failed with --fail-fast.
    std::optional<std::size_t> take();
    void ended(std::size_t index, bool failed);

  private:
    [[nodiscard]] std::optional<std::size_t> eligible() const;

    const std::vector<Item>& items_;
    std::vector<bool> started_;
    std::stop_token stop_;
    unsigned per_host_;
    std::chrono::milliseconds stagger_;
    bool fail_fast_;

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<std::string, unsigned> on_host_;
    std::size_t left_ = items_.size();
    Clock::time_point next_start_{};
    bool closed_ = false;
};

std::optional<std::size_t> Schedule::eligible() const
{
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (started_[i])
            continue;
        const auto busy = on_host_.find(items_[i].host);
        if (per_host_ == 0 || items_[i].host.empty() || busy == on_host_.end() ||
            busy->second < per_host_)
            return i;
    }
    return std::nullopt;
}

std::optional<std::size_t> Schedule::take()
{
    std::unique_lock lock(mutex_);
    while (left_ > 0 && !closed_ && !stop_.stop_requested()) {
        const auto index = eligible();
        if (!index) {
            changed_.wait(lock, stop_, [&] { return closed_ || left_ == 0 || eligible(); });
        } else if (Clock::now() < next_start_) {
            changed_.wait_until(lock, stop_, next_start_, [] { return false; });
        } else {
            started_[*index] = true;
            --left_;
            ++on_host_[items_[*index].host];
            next_start_ = Clock::now() + stagger_;
            changed_.notify_all();
            return index;
        }
    }
    return std::nullopt;
}

void Schedule::ended(std::size_t index, bool failed)
{
    const std::lock_guard lock(mutex_);
    --on_host_[items_[index].host];
    closed_ = closed_ || (failed && fail_fast_);
    changed_.notify_all();
}

/// Rows as they become known, taken out in order.
class Results {
  public:
    explicit Results(std::size_t count) : rows_(count) {}

    void put(std::size_t index, TimedRow row)
    {
        const std::lock_guard lock(mutex_);
        rows_[index] = std::move(row);
        changed_.notify_all();
    }
    void worker_ended()
    {
        const std::lock_guard lock(mutex_);
        ++ended_;
        changed_.notify_all();
    }
    /// Nothing when all workers have ended without it.
    std::optional<TimedRow> wait_for(std::size_t index, std::size_t workers)
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return rows_[index].has_value() || ended_ == workers; });
        return rows_[index];
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::optional<TimedRow>> rows_;
    std::size_t ended_ = 0;
};

TimedRow carry_out(const Item& item, bool strict)
{
    const auto start = Clock::now();
    TimedRow timed;
    try {
        timed.row = item.work();
        if (strict && timed.row.status == Status::skip) {
            timed.row.status = Status::fail;
            timed.row.code = exit_code(Errc::precondition);
        }
    } catch (const Error& error) {
        timed.interrupted = error.code() == Errc::interrupted;
        timed.row = failed(error, item.pool == nullptr ? nullptr : &item.pool->session());
    } catch (const std::exception& error) {
        timed.row = failed(Error(Errc::failed, text::printable(error.what())), nullptr);
    }
    timed.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return timed;
}

void work(const std::vector<Item>& items, Schedule& schedule, Results& results, bool strict)
{
    while (const auto index = schedule.take()) {
        TimedRow row = carry_out(items[*index], strict);
        const bool bad = row.row.status == Status::fail;
        results.put(*index, std::move(row));
        schedule.ended(*index, bad);
    }
    results.worker_ended();
}

} // namespace

int run_items(std::vector<Item> items, const BatchOptions& options, const BatchSpec& spec,
              cli::Context& context)
{
    RowWriter writer(context, spec.schema);
    if (!spec.question.empty() && !options.dry_run && !items.empty())
        confirm(
            context, options.yes,
            fmt::format(fmt::runtime(spec.question),
                        items.size() == 1 ? "this VM" : fmt::format("these {} VMs", items.size())));
    const std::size_t workers = std::min<std::size_t>(
        options.parallel != 0 ? options.parallel : spec.parallel, items.size());
    Schedule schedule(items, options, spec, context.stop);
    Results results(items.size());
    bool interrupted = false;
    {
        ThreadPool pool(static_cast<unsigned>(std::max<std::size_t>(1, workers)));
        std::vector<std::future<void>> running;
        for (std::size_t i = 0; i < workers; ++i)
            running.push_back(pool.submit([&] { work(items, schedule, results, options.strict); }));
        for (std::size_t i = 0; i < items.size(); ++i) {
            const auto row = results.wait_for(i, workers);
            interrupted = interrupted || (row && row->interrupted);
            if (row && !row->interrupted)
                writer.row(items[i], *row);
            else if (!context.stop.stop_requested())
                writer.row(items[i],
                           {.row = {.status = Status::skip, .message = "not tried (--fail-fast)"}});
        }
        for (auto& one : running)
            one.get();
    }
    writer.finish();
    if (interrupted || context.stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    return writer.exit_code();
}

void confirm(const cli::Context& context, bool yes, const std::string& question)
{
    if (yes)
        return;
    const Error needed(Errc::ambiguous, fmt::format("{} needs a confirmation", question),
                       "give --yes, or --dry-run to see what would be done");
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1)
        throw needed;
    const std::string words = question + " [y/N] ";
    io::write_all(STDERR_FILENO, std::as_bytes(std::span(words)), "terminal");
    std::array<char, 64> answer{};
    io::wait_readable(STDIN_FILENO, context.stop);
    const ssize_t n = ::read(STDIN_FILENO, answer.data(), answer.size());
    if (n <= 0 || (answer[0] != 'y' && answer[0] != 'Y'))
        throw Error(Errc::ambiguous, "not confirmed");
}

} // namespace xvm
