// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_targets.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace vifcap {

using namespace xenlab;
using namespace std::chrono_literals;

namespace {

/// Everything that names the host in messages and in the capture.
std::string name_of(const xapi::Object<xapi::Host>& host)
{
    return text::printable(host.record.name_label.empty() ? host.record.address
                                                          : host.record.name_label);
}

std::string name_of(const lab::VmTarget& vm)
{
    return text::printable(vm.label());
}

} // namespace

NicWord split_nic(const std::string& word)
{
    const std::size_t colon = word.rfind(':');
    if (colon == std::string::npos || colon == 0)
        return {word, std::nullopt};
    const auto device = text::parse_u64(std::string_view(word).substr(colon + 1));
    if (!device || *device > 255)
        return {word, std::nullopt};
    return {word.substr(0, colon), static_cast<unsigned>(*device)};
}

lab::Words words_for(const cli::Context& context)
{
    return {[&context](std::string_view words) { context.note(words); },
            [&context](std::string_view words) { context.detail(words); }};
}

PoolTargets::PoolTargets(const Options& options, const cli::Context& context)
    : options_(options), context_(context),
      pools_(options.connect, words_for(context), context.stop)
{
}

PoolTargets::~PoolTargets() = default;

void PoolTargets::add_nics(Member& member, const NicWord& word)
{
    std::vector<unsigned> all;
    for (const auto& ref : member.vm.record.VIFs) {
        const xapi::Vif vif = member.vm.pool->session().get_record(ref);
        if (const auto device = text::parse_u64(vif.device); device && *device < 256)
            all.push_back(static_cast<unsigned>(*device));
    }
    std::sort(all.begin(), all.end());
    if (word.device && std::find(all.begin(), all.end(), *word.device) == all.end())
        throw Error(Errc::not_found,
                    fmt::format("{} has no NIC {}", name_of(member.vm), *word.device),
                    all.empty() ? "it has none at all"
                                : fmt::format("its NICs are numbered {}", fmt::join(all, ", ")));
    if (all.empty())
        throw Error(Errc::not_found, fmt::format("{} has no NIC", name_of(member.vm)));
    for (const unsigned device : word.device ? std::vector<unsigned>{*word.device} : all)
        if (std::find(member.devices.begin(), member.devices.end(), device) == member.devices.end())
            member.devices.push_back(device);
}

std::vector<Target> PoolTargets::resolve()
{
    for (const std::string& word : options_.vms) {
        NicWord nic = split_nic(word);
        std::vector<lab::VmTarget> found;
        lab::TargetOptions target;
        target.words = {nic.vm};
        try {
            found = lab::resolve_vms(pools_, target);
        } catch (const Error& error) {
            if (error.code() != Errc::not_found || !nic.device)
                throw;
            target.words = {word}; // a VM whose name ends like a NIC
            try {
                found = lab::resolve_vms(pools_, target);
            } catch (const Error&) {
                throw error;
            }
            nic = {word, std::nullopt};
        }
        for (lab::VmTarget& vm : found) {
            auto member = std::find_if(members_.begin(), members_.end(), [&](const Member& one) {
                return one.vm.pool == vm.pool && one.vm.ref == vm.ref;
            });
            if (member == members_.end())
                member = members_.insert(members_.end(), {std::move(vm), {}});
            add_nics(*member, nic);
        }
    }
    std::vector<Target> targets;
    for (const Member& member : members_) {
        const std::string& state = member.vm.record.power_state;
        if (!options_.follow && state != "Running" && state != "Paused")
            throw Error(
                Errc::precondition,
                fmt::format("{} is {}", name_of(member.vm), text::printable(text::to_lower(state))),
                "--follow waits until it starts");
        for (const unsigned device : member.devices)
            targets.push_back({.label = fmt::format("{}:{}", name_of(member.vm), device),
                               .vm_uuid = member.vm.record.uuid,
                               .device = device,
                               .domid = {},
                               .interface = {}});
    }
    return targets;
}

void PoolTargets::open_ssh(lab::Pool& pool, const xapi::Object<xapi::Host>& host)
{
    xapi::Host now = host.record;
    try { // as it is now, not as it was when the pool was asked first
        now = pool.session().get_record(host.ref);
    } catch (const Error& error) {
        context_.detail(error.what());
    }
    if (!now.ssh_known || now.ssh_enabled)
        return;
    const std::string uuid = text::printable(now.uuid);
    if (!options_.enable_ssh)
        throw Error(Errc::precondition, fmt::format("SSH is off on {}", name_of(host)),
                    fmt::format("enable it with: xe host-enable-ssh uuid={}; or let vifcap do so "
                                "for a while: --enable-ssh 1h",
                                uuid));
    auto access = std::make_unique<SshAccess>(pool, host.ref, *options_.enable_ssh, context_);
    context_.note(fmt::format("SSH is enabled on {} until the capture ends", name_of(host)));
    const std::lock_guard lock(mutex_);
    opened_.push_back(std::move(access));
}

HostLinkOptions PoolTargets::link_to(lab::Pool& pool, const xapi::Object<xapi::Host>& host)
{
    HostLinkOptions link;
    link.target = transport::parse_ssh_target(pool.ssh_destination(host));
    link.ssh = ssh_options(options_, context_);
    if (options_.follow)
        link.patience = std::chrono::hours(24 * 365);
    return link;
}

Place PoolTargets::to_place(lab::Pool& pool, const follow::VmPlace& place)
{
    Place result;
    result.vm_uuid = place.uuid;
    result.domid = place.domid;
    result.halted = place.power_state != "Running" && place.power_state != "Paused";
    for (const auto& host : pool.hosts()) {
        const bool here = host.ref == place.resident_on;
        if (here)
            result.host = name_of(host);
        if (!here && !place.moving)
            continue;
        try {
            open_ssh(pool, host);
            result.hosts.emplace_back(name_of(host), link_to(pool, host));
        } catch (const Error& error) {
            if (here) // of a host that it may move to, nothing is needed yet
                throw;
            context_.detail(error.what());
        }
    }
    return result;
}

void PoolTargets::attach(Recorder& recorder)
{
    std::map<lab::Pool*, std::vector<xapi::Ref<xapi::Vm>>> by_pool;
    for (const Member& member : members_) {
        by_pool[member.vm.pool].push_back(member.vm.ref);
        recorder.place(
            to_place(*member.vm.pool, follow::place_of(member.vm.ref, member.vm.record)));
    }
    for (const auto& one : by_pool) {
        lab::Pool* pool = one.first;
        watches_.push_back(std::make_unique<follow::VmWatch>(
            pool->session(), one.second,
            [this, pool, &recorder](const follow::VmPlace& place) {
                try {
                    recorder.place(to_place(*pool, place));
                } catch (const Error&) {
                    recorder.fail(std::current_exception());
                }
            },
            [this](const Error& error) {
                context_.warning(fmt::format("the pool does not answer: {}", error.what()));
            },
            [&recorder](const Error& error) { recorder.fail(std::make_exception_ptr(error)); }));
    }
}

} // namespace vifcap
