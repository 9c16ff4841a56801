// SPDX-License-Identifier: GPL-3.0-or-later
// A few threads that run small jobs.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace xenlab {

/// Jobs start in the order of submit() and are bounded by the caller, who keeps the futures.
/// Threads start when there is work for them. Destroying the pool drops the jobs not yet started
/// (their futures report broken_promise).
class ThreadPool {
  public:
    /// At most that many threads, at least one.
    explicit ThreadPool(unsigned threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    template <typename Job>
    auto submit(Job job) -> std::future<decltype(job())>
    {
        auto task = std::make_shared<std::packaged_task<decltype(job())()>>(std::move(job));
        auto result = task->get_future();
        enqueue([task] { (*task)(); });
        return result;
    }

    /// Processors this process may run on, at least 1.
    static unsigned available_cpus();

  private:
    void enqueue(std::function<void()> job);
    void work(const std::stop_token& stop);

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::function<void()>> jobs_;
    const std::size_t most_;
    std::size_t idle_ = 0;              ///< threads that wait for a job
    std::vector<std::jthread> threads_; ///< last: joined first
};

} // namespace xenlab
