// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/thread_pool.hpp>

#include <algorithm>
#include <sched.h>

namespace xenlab {

ThreadPool::ThreadPool(unsigned threads) : most_(std::max(1U, threads)) {}

ThreadPool::~ThreadPool()
{
    for (std::jthread& thread : threads_)
        thread.request_stop();
}

void ThreadPool::enqueue(std::function<void()> job)
{
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (jobs_.size() > idle_ && threads_.size() < most_)
        threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    changed_.notify_one();
}

void ThreadPool::work(const std::stop_token& stop)
{
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(mutex_);
            ++idle_;
            const bool found = changed_.wait(lock, stop, [&] { return !jobs_.empty(); });
            --idle_;
            if (!found || stop.stop_requested())
                return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
    }
}

unsigned ThreadPool::available_cpus()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

} // namespace xenlab
