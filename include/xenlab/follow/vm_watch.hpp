// SPDX-License-Identifier: GPL-3.0-or-later
// Where VMs run, by XAPI's events: resident host, domid, power state, over reboots and migrations.
#pragma once

#include <xenlab/base/error.hpp>
#include <xenlab/xapi/records.hpp>
#include <xenlab/xapi/session.hpp>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace xenlab::follow {

struct VmPlace {
    xapi::Ref<xapi::Vm> ref;
    std::string uuid;
    std::string power_state;       ///< "Running"…; "" when the VM was destroyed
    std::optional<unsigned> domid; ///< of a VM that runs
    xapi::Ref<xapi::Host> resident_on;
    bool moving = false; ///< a migration is under way: the next host may be any of the pool
};

/// The place that a record tells.
VmPlace place_of(const xapi::Ref<xapi::Vm>& ref, const xapi::Vm& record);

/// Watches in a thread of its own, which calls `changed` for every VM at the start and whenever its
/// place is another one than before, `trouble` each time the pool does not answer (it is asked
/// again, for ever) and `ended` when that makes no sense (no login any more). Destroying it ends
/// the thread; no callback may destroy it.
class VmWatch {
  public:
    VmWatch(xapi::Session& session, std::vector<xapi::Ref<xapi::Vm>> vms,
            std::function<void(const VmPlace&)> changed, std::function<void(const Error&)> trouble,
            std::function<void(const Error&)> ended);
    ~VmWatch();
    VmWatch(const VmWatch&) = delete;
    VmWatch& operator=(const VmWatch&) = delete;

  private:
    void run(const std::stop_token& stop);

    xapi::Session& session_;
    std::vector<xapi::Ref<xapi::Vm>> vms_;
    std::function<void(const VmPlace&)> changed_;
    std::function<void(const Error&)> trouble_, ended_;
    std::jthread thread_;
};

} // namespace xenlab::follow
