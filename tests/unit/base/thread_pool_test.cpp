// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/thread_pool.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <numeric>
#include <stdexcept>

namespace xenlab::test {
namespace {

using namespace std::chrono_literals;

TEST(ThreadPool, ResultsComeBackInTheirFutures)
{
    for (const unsigned threads : {0U, 1U, 2U, 8U}) {
        ThreadPool pool(threads);
        std::vector<std::future<int>> results;
        for (int i = 0; i < 500; ++i)
            results.push_back(pool.submit([i] { return i * i; }));
        for (int i = 0; i < 500; ++i)
            EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i * i);
    }
}

TEST(ThreadPool, OneThreadKeepsTheOrder)
{
    std::vector<int> order;
    {
        ThreadPool pool(1);
        std::vector<std::future<void>> all;
        for (int i = 0; i < 100; ++i)
            all.push_back(pool.submit([&order, i] { order.push_back(i); }));
        for (auto& f : all)
            f.get();
    }
    std::vector<int> expected(100);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
}

TEST(ThreadPool, JobsRunSideBySide)
{
    ThreadPool pool(4);
    std::latch together(4); // passes only when all four are running
    std::vector<std::future<void>> all;
    for (int i = 0; i < 4; ++i)
        all.push_back(pool.submit([&] { together.arrive_and_wait(); }));
    for (auto& f : all)
        f.get();
}

TEST(ThreadPool, ExceptionsComeBackToo)
{
    ThreadPool pool(2);
    auto bad = pool.submit([]() -> int { throw std::runtime_error("job"); });
    EXPECT_THROW(bad.get(), std::runtime_error);
    EXPECT_EQ(pool.submit([] { return 1; }).get(), 1) << "the thread lives on";
}

TEST(ThreadPool, DestroyedEarlyItDropsWhatHasNotStarted)
{
    std::future<void> running, waiting;
    std::latch started(1);
    std::atomic<bool> finished = false;
    {
        ThreadPool pool(1);
        running = pool.submit([&] {
            started.count_down();
            std::this_thread::sleep_for(20ms);
            finished = true;
        });
        waiting = pool.submit([] { FAIL(); });
        started.wait();
    }
    EXPECT_TRUE(finished);
    EXPECT_NO_THROW(running.get());
    EXPECT_THROW(waiting.get(), std::future_error);
}

TEST(ThreadPool, MayNeverBeUsed)
{
    const ThreadPool pool(64);
    EXPECT_GE(ThreadPool::available_cpus(), 1U);
}

} // namespace
} // namespace xenlab::test
