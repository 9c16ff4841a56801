// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/follow/vm_watch.hpp>
#include <xenlab/xapi/events.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>

namespace xenlab::follow {
namespace {

using namespace std::chrono_literals;

bool same(const VmPlace& a, const VmPlace& b)
{
    return a.power_state == b.power_state && a.domid == b.domid && a.resident_on == b.resident_on &&
           a.moving == b.moving;
}

void pause(const std::stop_token& stop, std::chrono::milliseconds time)
{
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, time, [] { return false; });
}

} // namespace

VmPlace place_of(const xapi::Ref<xapi::Vm>& ref, const xapi::Vm& record)
{
    VmPlace place;
    place.ref = ref;
    place.uuid = record.uuid;
    place.power_state = record.power_state;
    if (record.domid >= 0 && record.domid < 65536)
        place.domid = static_cast<unsigned>(record.domid);
    place.resident_on = record.resident_on;
    place.moving = std::any_of(
        record.current_operations.begin(), record.current_operations.end(), [](const auto& one) {
            return one.second == "pool_migrate" || one.second == "migrate_send";
        });
    return place;
}

VmWatch::VmWatch(xapi::Session& session, std::vector<xapi::Ref<xapi::Vm>> vms,
                 std::function<void(const VmPlace&)> changed,
                 std::function<void(const Error&)> trouble, std::function<void(const Error&)> ended)
    : session_(session), vms_(std::move(vms)), changed_(std::move(changed)),
      trouble_(std::move(trouble)), ended_(std::move(ended)),
      thread_([this](const std::stop_token& stop) { run(stop); })
{
}

VmWatch::~VmWatch() = default;

void VmWatch::run(const std::stop_token& stop)
{
    std::map<xapi::Ref<xapi::Vm>, VmPlace> known;
    const auto tell = [&](const VmPlace& place) {
        const auto found = known.find(place.ref);
        if (found != known.end() && same(found->second, place))
            return;
        known[place.ref] = place;
        changed_(place);
    };
    std::vector<std::string> classes;
    for (const auto& vm : vms_)
        classes.push_back("vm/" + vm.str());
    xapi::EventStream events(session_, classes);
    while (!stop.stop_requested()) {
        try {
            // Short, because a wait for events does not end by our stop.
            const auto batch = events.next(transport::deadline_in(2s));
            for (const auto& event : batch.events) {
                const xapi::Ref<xapi::Vm> ref(event.ref);
                if (std::find(vms_.begin(), vms_.end(), ref) == vms_.end())
                    continue;
                if (event.operation == "del") {
                    VmPlace gone;
                    gone.ref = ref;
                    gone.uuid = known.contains(ref) ? known[ref].uuid : std::string();
                    tell(gone);
                } else {
                    tell(place_of(ref, xapi::Vm::from(event.snapshot)));
                }
            }
        } catch (const Error& error) {
            if (stop.stop_requested() || error.code() == Errc::interrupted)
                return;
            if (error.code() != Errc::unreachable && error.code() != Errc::timeout) {
                ended_(error);
                return;
            }
            trouble_(error);
            pause(stop, 1s);
        }
    }
}

} // namespace xenlab::follow
