// SPDX-License-Identifier: GPL-3.0-or-later
// Threads that share a session, an event loop and a connection; also run under TSan.
#include "simulated_pool.hpp"

#include <xenlab/xapi/tasks.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace xenlab::xapi::test {
namespace {

using namespace std::chrono_literals;

class Tasks : public testing::Test {
  protected:
    void SetUp() override
    {
        if (!pool.runs())
            GTEST_SKIP() << "SKIP needs python3, to simulate a pool";
    }
    SimulatedPool pool{"--vms 8 --time-scale 0.02"};
};

TEST_F(Tasks, ThreadsWaitForTheirOwnOnes)
{
    transport::Verifier verifier(pool.trust());
    Session session(pool.options(), verifier, {});
    TaskWatch watch(session);
    const auto vms = session.get_all<Vm>(
        R"(field "is_a_template" = "false" and field "power_state" = "Halted")");
    ASSERT_EQ(vms.size(), 8U);
    std::atomic<int> started{0};
    std::atomic<int> refused{0};
    std::vector<std::jthread> threads;
    for (const auto& vm : vms)
        threads.emplace_back([&session, &watch, &vm, &started, &refused] {
            const auto run = [&](std::string_view method, Session::Params params) {
                return watch.run(method, std::move(params), transport::deadline_in(60s)).end;
            };
            const auto ref = Session::value(vm.ref);
            const auto off = xmlrpc::Value(false);
            if (run("VM.start", {ref, off, off}) == TaskOutcome::End::success)
                ++started;
            if (run("VM.start", {ref, off, off}) == TaskOutcome::End::failure)
                ++refused;
            run("VM.hard_shutdown", {ref});
            static_cast<void>(session.requests());
        });
    threads.clear();
    EXPECT_EQ(started, 8);
    EXPECT_EQ(refused, 8);
    EXPECT_TRUE(session.get_all<Task>().empty()) << "each destroys its own";
    for (const auto& vm : vms)
        EXPECT_EQ(session.get_record(vm.ref).power_state, "Halted");
}

TEST_F(Tasks, AStopRequestEndsAllWaits)
{
    transport::Verifier verifier(pool.trust());
    std::stop_source stop;
    Session session(pool.options(), verifier, stop.get_token());
    TaskWatch watch(session);
    const auto created = session.call("task.create", {xmlrpc::Value("never"), xmlrpc::Value("")});
    const Ref<Task> task(created.as_scalar().value_or(""));
    std::atomic<int> stopped{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                if (watch.wait(task, transport::deadline_in(60s)).end == TaskOutcome::End::stopped)
                    ++stopped;
            });
        stop.request_stop();
    }
    EXPECT_EQ(stopped, 4);
}

} // namespace
} // namespace xenlab::xapi::test
