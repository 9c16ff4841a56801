// SPDX-License-Identifier: GPL-3.0-or-later
// What is captured, and what is told about it.
#include "recorder.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/pcap/filter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vifcap {

using namespace xenlab;
using namespace std::chrono_literals;

namespace {

constexpr auto retry_after = 200ms; // of an interface that could not be opened

std::uint64_t host_time(const std::optional<follow::HostView>& view)
{
    const auto now = std::chrono::system_clock::now().time_since_epoch() +
                     (view ? view->clock_offset : std::chrono::nanoseconds(0));
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::string seconds_text(std::chrono::steady_clock::duration time)
{
    return fmt::format("{:.3f} s", std::chrono::duration<double>(time).count());
}

} // namespace

Recorder::Recorder(RecorderOptions options, std::vector<Target> targets, Output& output,
                   const cli::Context& context)
    : options_(std::move(options)), targets_(std::move(targets)), progress_(targets_.size()),
      output_(output), context_(context)
{
}

Recorder::~Recorder()
{
    running_.clear(); // they use the hosts' sessions and post to us
    hosts_.clear();
}

void Recorder::post(std::function<void()> news)
{
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
    changed_.notify_all();
}

void Recorder::fail(std::exception_ptr failure)
{
    const std::lock_guard lock(mutex_);
    if (!failure_)
        failure_ = std::move(failure);
    changed_.notify_all();
}

void Recorder::finish()
{
    const std::lock_guard lock(mutex_);
    finish_ = true;
    changed_.notify_all();
}

void Recorder::add_host(const std::string& name, const HostLinkOptions& options)
{
    for (const Host& host : hosts_)
        if (host.name == name)
            return;
    const std::size_t index = hosts_.size();
    Host& host = hosts_.emplace_back();
    host.name = name;
    host.link = std::make_unique<HostLink>(options, [this, index](HostNews news) {
        post([this, index, news = std::move(news)] { host_news(index, news); });
    });
}

void Recorder::place(const Place& place)
{
    post([this, place] {
        for (const auto& [name, options] : place.hosts)
            add_host(name, options);
        places_[place.vm_uuid] = place;
        for (std::size_t i = 0; i < hosts_.size(); ++i)
            look_at(i);
    });
}

void Recorder::tell(const std::string& words, std::size_t host)
{
    context_.detail(words);
    output_.event(words, host_time(hosts_[host].view));
}

void Recorder::host_news(std::size_t index, const HostNews& news)
{
    Host& host = hosts_[index];
    if (news.failed) {
        host.failed = true;
        throw news.failed->within(host.name);
    }
    if (news.lost) {
        host.session.reset();
        host.view.reset();
        const std::string words =
            fmt::format("connection to {} lost: {}", host.name, news.lost->what());
        context_.warning(words);
        output_.event(words, host_time({}));
        if (options_.once)
            throw news.lost->within(host.name);
        return;
    }
    const bool first = !host.view.has_value();
    host.session = news.session;
    host.view = news.view;
    if (!std::exchange(host.clock_told, true))
        tell(fmt::format("the clock of {} is {:+.3f} s from ours", host.name,
                         std::chrono::duration<double>(host.view->clock_offset).count()),
             index);
    look_at(index);
    if (first)
        check_first_view(index);
}

std::optional<std::string> Recorder::uuid_of(unsigned domid, std::size_t host) const
{
    const auto& view = hosts_[host].view;
    if (view)
        if (const auto found = view->vms.find(domid); found != view->vms.end())
            return found->second;
    for (const auto& [uuid, place] : places_)
        if (place.host == hosts_[host].name && place.domid == domid)
            return uuid;
    return std::nullopt;
}

bool Recorder::belongs(const Target& target, const std::string& interface, std::size_t host) const
{
    if (!target.interface.empty())
        return target.interface == interface;
    const auto name = follow::parse_interface(interface);
    if (!name || (target.device && *target.device != name->device))
        return false;
    const bool tap = name->side == follow::InterfaceName::Side::tap;
    if (tap ? !options_.use_tap : !options_.use_vif)
        return false;
    if (target.vm_uuid.empty())
        return target.domid == name->domid;
    return uuid_of(name->domid, host) == target.vm_uuid;
}

void Recorder::look_at(std::size_t index)
{
    Host& host = hosts_[index];
    if (!host.view || !host.session)
        return;
    for (std::size_t t = 0; t < targets_.size(); ++t) {
        // --domid names a domain of now; its VM is what is followed, where xenstore knows it.
        if (Target& target = targets_[t]; target.domid && target.vm_uuid.empty())
            if (const auto uuid = uuid_of(*target.domid, index))
                target.vm_uuid = *uuid;
        for (const auto& seen : host.view->interfaces) {
            const auto& interface = seen.first;
            if (!belongs(targets_[t], interface, index))
                continue;
            const bool taken = std::any_of(running_.begin(), running_.end(), [&](const auto& one) {
                return one.second.host == index && one.second.interface == interface &&
                       one.second.target == t && !one.second.ended;
            });
            const auto retry = retry_at_.find({index, interface});
            if (taken || (retry != retry_at_.end() && Clock::now() < retry->second))
                continue;
            start(t, index, interface);
        }
    }
}

void Recorder::start(std::size_t t, std::size_t index, const std::string& interface)
{
    const Target& target = targets_[t];
    Host& host = hosts_[index];
    Progress& progress = progress_[t];
    const auto name = follow::parse_interface(interface);
    const std::size_t id = next_id_++;
    Running& one = running_[id];
    one.target = t;
    one.host = index;
    one.interface = interface;
    if (name)
        one.domid = name->domid;
    CaptureOptions capture;
    capture.plan = {.interface = interface,
                    .filter = options_.filter,
                    .snap_length = options_.snap_length,
                    .buffered = options_.buffered,
                    .tag = options_.tag};
    const auto words = text::split(host.view->ssh_connection, ' ');
    if (words.size() == 4) {
        const auto bare = [](std::string_view address) {
            return std::string(address.substr(0, address.find('%')));
        };
        capture.plan.filter =
            pcap::without_connection(options_.filter, bare(words[0]), std::string(words[1]),
                                     bare(words[2]), std::string(words[3]));
    }
    capture.label = target.label;
    capture.description =
        fmt::format("{}{} on {}", target.label,
                    one.domid ? fmt::format(", domid {}", *one.domid) : std::string(), host.name);
    capture.comment = fmt::format("{} begins on {}", capture.description, interface);
    if (progress.gone_at)
        capture.comment +=
            fmt::format(", {} after {} went", seconds_text(Clock::now() - *progress.gone_at),
                        progress.last_interface);
    one.capture = std::make_unique<Capture>(
        host.session, std::move(capture), output_,
        CaptureCallbacks{.opened = [this, id] { post([this, id] { opened(id); }); },
                         .old = [this, index] { post([this, index] { old_tcpdump(index); }); },
                         .ended =
                             [this, id](CaptureEnd end) {
                                 post([this, id, end = std::move(end)]() mutable {
                                     ended(id, std::move(end));
                                 });
                             }});
}

void Recorder::old_tcpdump(std::size_t index)
{
    Host& host = hosts_[index];
    if (!std::exchange(host.old_told, true))
        context_.warning(fmt::format(
            "tcpdump on {} is too old for immediate mode: packets come up to a second late, and "
            "the last ones before an interface goes are lost",
            host.name));
}

void Recorder::opened(std::size_t id)
{
    Running& one = running_.at(id);
    Progress& progress = progress_[one.target];
    const std::string& host = hosts_[one.host].name;
    one.opened = true;
    std::string words =
        fmt::format("{}: {} on {} is captured", targets_[one.target].label, one.interface, host);
    if (progress.epochs++ > 0) {
        const bool moved = host != progress.last_host;
        const bool other_domain = one.domid != progress.last_domid;
        words += moved          ? fmt::format(" (migration from {})", progress.last_host)
                 : other_domain ? " (a new domain: reboot, restart or migration to itself)"
                                : " (it came back)";
        if (progress.gone_at)
            words += fmt::format(", gap {}", seconds_text(Clock::now() - *progress.gone_at));
    }
    progress.gone_at.reset();
    progress.last_host = host;
    progress.last_interface = one.interface;
    progress.last_domid = one.domid;
    tell(words, one.host);
}

void Recorder::ended(std::size_t id, CaptureEnd end)
{
    Running& one = running_.at(id);
    one.ended = true;
    if (end.output_failure) {
        running_.erase(id);
        std::rethrow_exception(end.output_failure);
    }
    const std::string label = targets_[one.target].label;
    const std::string interface = one.interface;
    const std::size_t host = one.host;
    const std::size_t target = one.target;
    const bool opened = end.opened;
    const std::string problem = end.vanished ? std::string() : end.problem;
    if (opened)
        epochs_.push_back({label, interface, hosts_[host].name, std::move(end)});
    retry_at_[{host, interface}] = Clock::now() + retry_after;
    one.capture.reset();
    running_.erase(id);
    if (opened && !finish_) {
        if (!running(target))
            progress_[target].gone_at = Clock::now();
        tell(problem.empty()
                 ? fmt::format("{}: {} is gone", label, interface)
                 : fmt::format("{}: the capture on {} broke: {}", label, interface, problem),
             host);
    }
    if (!opened && !problem.empty() && !finish_ && hosts_[host].session &&
        hosts_[host].session->alive())
        throw Error(Errc::failed, fmt::format("{}: {}: {}", hosts_[host].name, interface, problem),
                    problem.find("no tcpdump") != std::string::npos ? "install tcpdump on the host"
                                                                    : "");
}

} // namespace vifcap
