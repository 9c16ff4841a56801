// SPDX-License-Identifier: GPL-3.0-or-later
// The recorder's loop, and when it ends.
#include "recorder.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace vifcap {

using namespace xenlab;
using namespace std::chrono_literals;

namespace {

constexpr auto once_grace = 1s;     // another interface of the same NIC may follow (vif after tap)
constexpr auto host_patience = 60s; // without XAPI nobody says that a VM was halted

} // namespace

bool Recorder::running(std::size_t target) const
{
    return std::any_of(running_.begin(), running_.end(), [&](const auto& one) {
        return one.second.target == target && !one.second.ended;
    });
}

/// Without XAPI the host is the only one to say that something does not exist.
void Recorder::check_first_view(std::size_t index)
{
    if (options_.follow || !places_.empty())
        return;
    for (std::size_t t = 0; t < targets_.size(); ++t) {
        const Target& target = targets_[t];
        if (running(t) || progress_[t].epochs > 0)
            continue;
        const std::string& host = hosts_[index].name;
        if (!target.interface.empty())
            throw Error(Errc::not_found,
                        fmt::format("{} has no interface {}", host, target.interface),
                        "--follow waits for it");
        if (!target.vm_uuid.empty() && !hosts_[index].view->xenstore)
            throw Error(Errc::precondition,
                        fmt::format("{} has no xenstore-read to find the VM with", host),
                        "name the domain with --domid or the interface with --interface");
        throw Error(Errc::precondition,
                    fmt::format("{}: no interface of {} is there", host, target.label),
                    "--follow waits for the VM to start");
    }
}

void Recorder::check_ends()
{
    for (std::size_t t = 0; t < targets_.size(); ++t) {
        Progress& progress = progress_[t];
        if (running(t) || progress.epochs == 0 || !progress.gone_at) {
            progress.done = false;
            continue;
        }
        const auto idle = Clock::now() - *progress.gone_at;
        const auto place = places_.find(targets_[t].vm_uuid);
        const bool halted = place != places_.end() && place->second.halted;
        progress.done = options_.once     ? idle > once_grace
                        : options_.follow ? false
                        : halted          ? idle > once_grace
                                          : place == places_.end() && idle > host_patience;
    }
    if (std::all_of(progress_.begin(), progress_.end(), [](const Progress& p) { return p.done; }))
        finish_ = true;
}

void Recorder::drain_news(std::unique_lock<std::mutex>& lock)
{
    while (!news_.empty()) {
        const auto news = std::move(news_.front());
        news_.pop_front();
        lock.unlock();
        news();
        lock.lock();
    }
}

/// Everything that tcpdump has seen still arrives.
void Recorder::end_captures()
{
    for (auto& [id, one] : running_)
        if (one.capture)
            one.capture->end();
    const auto last = Clock::now() + 15s;
    std::unique_lock lock(mutex_);
    while (!running_.empty() && Clock::now() < last) {
        changed_.wait_for(lock, 50ms, [&] { return !news_.empty(); });
        drain_news(lock);
    }
}

void Recorder::run()
{
    started_ = Clock::now();
    std::exception_ptr broken;
    try {
        std::unique_lock lock(mutex_);
        while (!finish_ && !failure_ && !context_.stop.stop_requested()) {
            changed_.wait_for(lock, context_.stop, 50ms,
                              [&] { return !news_.empty() || failure_ || finish_; });
            drain_news(lock);
            lock.unlock();
            for (std::size_t i = 0; i < hosts_.size(); ++i)
                look_at(i); // interfaces whose turn it is to be tried again
            check_ends();
            if (options_.duration.count() > 0 && Clock::now() - started_ >= options_.duration)
                finish_ = true;
            lock.lock();
        }
        broken = failure_;
        finish_ = true;
    } catch (...) {
        broken = std::current_exception();
        finish_ = true;
    }
    try {
        end_captures();
    } catch (...) {
        if (!broken)
            broken = std::current_exception();
    }
    if (broken)
        std::rethrow_exception(broken);
}

} // namespace vifcap
