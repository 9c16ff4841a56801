// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm_line.hpp"

#include "vm_host.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/bytes/crc32.hpp>
#include <xenlab/follow/vm_watch.hpp>
#include <xenlab/lab/serial_setting.hpp>
#include <xenlab/lab/targets.hpp>

#include <climits>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <mutex>

#include <unistd.h>

namespace xenlab::serial_cli {
namespace {

lab::ConnectOptions connect_options(const PoolOptions& o)
{
    return {.context = o.context,
            .host = o.host,
            .user = {},
            .password_file = o.password_file,
            .pin = o.pin,
            .never_ask = true};
}

/// The same for every broker of this target and user here, of which there is one at a time.
std::string owner_of(const std::string& vm)
{
    std::array<char, HOST_NAME_MAX + 1> name{};
    ::gethostname(name.data(), name.size() - 1);
    const std::string text = fmt::format("{}:{}:{}", name.data(), ::getuid(), vm);
    return fmt::format("{:08x}", bytes::crc32(std::as_bytes(std::span(text))));
}

bool runs(const follow::VmPlace& place)
{
    return place.domid && (place.power_state == "Running" || place.power_state == "Paused");
}

} // namespace

class VmLine::Impl {
  public:
    Impl(const PoolOptions& options, std::string vm)
        : options_(options), name_(std::move(vm)),
          pools_(connect_options(options), lab::Words{}, stop_.get_token())
    {
    }

    ~Impl()
    {
        stop_.request_stop();
        watch_.reset();
        pump_.reset();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    OpenedLine open(const std::stop_token& stop)
    {
        const std::stop_callback both(stop, [this] { stop_.request_stop(); });
        drop(nullptr);
        const follow::VmPlace place = find();
        if (!runs(place))
            throw Error(Errc::precondition,
                        fmt::format("{} is {}", label(),
                                    place.power_state.empty()
                                        ? "gone"
                                        : text::printable(text::to_lower(place.power_state))),
                        fmt::format("xvm start {}", label()));
        const auto* host = vm_->pool->host(place.resident_on);
        if (host == nullptr)
            throw Error(Errc::unreachable, fmt::format("the host of {} is not known", label()));
        const xapi::Vm record = vm_->pool->session().get_record(vm_->ref);
        VmPort port{.vm = label(),
                    .host =
                        text::printable(host->record.name_label.empty() ? host->record.address
                                                                        : host->record.name_label),
                    .uuid = record.uuid,
                    .domid = *place.domid,
                    .serial = lab::has_serial_port(record),
                    .owner = owner_of(record.uuid)};
        const std::stop_source stop_pump;
        const std::stop_callback with_us(stop_.get_token(),
                                         [stop_pump]() mutable { stop_pump.request_stop(); });
        auto session = transport::connect_ssh(
            transport::parse_ssh_target(vm_->pool->ssh_destination(*host)),
            {.config_file = options_.ssh_config, .note = {}}, stop_.get_token());
        auto pump = std::make_shared<VmPump>(std::move(session), stop_pump);
        OpenedLine opened = open_port(*pump, port, record);
        const std::lock_guard lock(mutex_);
        pump_ = pump;
        used_ = place;
        if (!same_place(place_, used_)) // it moved while we came
            pump_->end();
        return opened;
    }

  private:
    [[nodiscard]] std::string label() const { return text::printable(name_); }

    static bool same_place(const follow::VmPlace& a, const follow::VmPlace& b)
    {
        return a.domid == b.domid && a.resident_on == b.resident_on;
    }

    /// Where it is now.
    follow::VmPlace find()
    {
        if (!vm_) {
            vm_ = lab::resolve_vm(pools_, name_);
            const std::lock_guard lock(mutex_);
            place_ = follow::place_of(vm_->ref, vm_->record);
        }
        if (watch_ended_.exchange(false))
            watch_.reset();
        if (!watch_)
            watch_ = std::make_unique<follow::VmWatch>(
                vm_->pool->session(), std::vector{vm_->ref},
                [this](const follow::VmPlace& place) { moved_to(place); }, [](const Error&) {},
                [this](const Error&) { watch_ended_ = true; });
        const std::lock_guard lock(mutex_);
        return place_;
    }

    void moved_to(const follow::VmPlace& place)
    {
        std::shared_ptr<VmPump> leave;
        {
            const std::lock_guard lock(mutex_);
            place_ = place;
            if (pump_ && !same_place(place, used_))
                leave = pump_;
        }
        if (leave)
            leave->end();
    }

    void drop(std::shared_ptr<VmPump> next)
    {
        std::shared_ptr<VmPump> old;
        {
            const std::lock_guard lock(mutex_);
            old = std::exchange(pump_, std::move(next));
        }
    } // and here its threads end, outside of the lock

    /// Where a TCP server is set it is tried first; one that was set while the VM ran is not there
    /// yet, and the terminal is.
    OpenedLine open_port(VmPump& pump, const VmPort& port, const xapi::Vm& record) const
    {
        const std::string setting = lab::serial_setting(record).value;
        const auto tcp = port.serial ? lab::serial_listening_port(setting) : std::nullopt;
        if (!tcp) {
            if (port.serial && (setting == "none" || setting == "null"))
                throw Error(Errc::precondition,
                            fmt::format("the serial port of {} is switched off", port.vm),
                            fmt::format("xvm serial set {} pty, and restart it", port.vm));
            return open_host_terminal(pump, port);
        }
        try {
            return open_host_tcp(pump, port, *tcp);
        } catch (const Error& refused) {
            if (refused.code() != Errc::unreachable || !pump.session().alive())
                throw;
            try {
                return open_host_terminal(pump, port);
            } catch (const Error&) {
                throw Error(Errc::unreachable,
                            fmt::format("nobody listens on port {} of {}, where {} should", *tcp,
                                        port.host, port.vm),
                            "a setting counts from the next start of the VM on, and somebody else "
                            "may have the port");
            }
        }
    }

    PoolOptions options_;
    std::string name_;
    std::stop_source stop_;
    lab::Pools pools_;
    std::optional<lab::VmTarget> vm_;
    std::mutex mutex_; ///< of the next three
    follow::VmPlace place_, used_;
    std::shared_ptr<VmPump> pump_;
    std::atomic<bool> watch_ended_ = false;
    std::unique_ptr<follow::VmWatch> watch_; ///< last: uses the rest
};

VmLine::VmLine(const PoolOptions& options, std::string vm)
    : impl_(std::make_unique<Impl>(options, std::move(vm)))
{
}

VmLine::~VmLine() = default;

OpenedLine VmLine::open(const std::stop_token& stop)
{
    return impl_->open(stop);
}

} // namespace xenlab::serial_cli
