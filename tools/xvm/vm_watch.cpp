// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm_watch.hpp"

namespace xvm {

VmWatch::VmWatch(lab::Pool& pool, const std::vector<xapi::Ref<xapi::Vm>>& vms) : pool_(pool)
{
    for (const auto& vm : vms)
        classes_.push_back("vm/" + vm.str());
    classes_.emplace_back("vm_guest_metrics"); // made anew at every start, so not one by one
    thread_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
}

VmWatch::~VmWatch() = default;

void VmWatch::listen(const std::stop_token& stop)
{
    std::stop_source both;
    const std::stop_callback own(stop, [&] { both.request_stop(); });
    const std::stop_callback session(pool_.session().stop(), [&] { both.request_stop(); });
    try {
        xapi::EventStream events(pool_.session(), classes_, both.get_token());
        while (true)
            take(events.next(transport::no_deadline));
    } catch (...) {
        const std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
    }
    changed_.notify_all();
}

void VmWatch::take(const xapi::EventStream::Batch& batch)
{
    const std::lock_guard lock(mutex_);
    if (batch.everything) {
        for (auto& [ref, known] : vms_)
            known.second.gone = true; // unless it is announced again below
        guests_.clear();
    }
    for (const xapi::Event& event : batch.events) {
        const bool gone = event.operation == "del";
        if (event.class_name == "vm") {
            State& state = vms_[event.ref].second;
            state.gone = gone;
            if (!gone)
                state.vm = xapi::Vm::from(event.snapshot);
        } else if (gone) {
            guests_.erase(event.ref);
        } else {
            guests_[event.ref] = xapi::GuestMetrics::from(event.snapshot);
        }
    }
    for (auto& [ref, known] : vms_) {
        auto& [version, state] = known;
        const auto guest = guests_.find(state.vm.guest_metrics.str());
        state.guest = guest == guests_.end() ? std::nullopt : std::optional(guest->second);
        ++version;
    }
    changed_.notify_all();
}

std::optional<VmWatch::State> VmWatch::next(const xapi::Ref<xapi::Vm>& vm, std::uint64_t& version,
                                            transport::TimePoint deadline,
                                            const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    const auto newer = [&] {
        const auto found = vms_.find(vm.str());
        return failure_ != nullptr || (found != vms_.end() && found->second.first > version);
    };
    changed_.wait_until(lock, stop, deadline, newer);
    if (stop.stop_requested())
        throw Error(Errc::interrupted, "interrupted");
    if (failure_)
        std::rethrow_exception(failure_);
    const auto found = vms_.find(vm.str());
    if (found == vms_.end())
        return std::nullopt;
    version = found->second.first;
    return found->second.second;
}

} // namespace xvm
