// SPDX-License-Identifier: GPL-3.0-or-later
// The records of some VMs and their guests, kept up to date by one event loop for any number of
// threads that wait for them.
#pragma once

#include "xvm.hpp"

#include <xenlab/xapi/events.hpp>

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace xvm {

class VmWatch {
  public:
    struct State {
        bool gone = false;
        xapi::Vm vm;
        std::optional<xapi::GuestMetrics> guest;
    };

    /// Of one pool. Starts its thread.
    VmWatch(lab::Pool& pool, const std::vector<xapi::Ref<xapi::Vm>>& vms);
    ~VmWatch();
    VmWatch(const VmWatch&) = delete;
    VmWatch& operator=(const VmWatch&) = delete;

    /// The newest state, nothing until it is known. Waits until there is a newer one than `version`
    /// (which it then sets), the deadline or a stop request. Throws what ended the event loop.
    std::optional<State> next(const xapi::Ref<xapi::Vm>& vm, std::uint64_t& version,
                              transport::TimePoint deadline, const std::stop_token& stop);

  private:
    void listen(const std::stop_token& stop);
    void take(const xapi::EventStream::Batch& batch);

    lab::Pool& pool_;
    std::vector<std::string> classes_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<std::string, std::pair<std::uint64_t, State>> vms_;
    std::map<std::string, xapi::GuestMetrics> guests_;
    std::exception_ptr failure_;
    std::jthread thread_; ///< last: joined first
};

} // namespace xvm
