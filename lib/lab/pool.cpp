// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool.hpp"

#include "credentials.hpp"

#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/lab/names.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace xenlab::lab {
namespace {

transport::Verifier::Options trust_options(const std::string& name, const ContextConfig& config,
                                           const Words& words)
{
    transport::Verifier::Options options;
    options.pin_file = state_dir() + "/pins";
    options.expected_pin = transport::parse_pin(config.pin).value_or("");
    options.note = words.note;
    options.accept_command =
        options.expected_pin.empty()
            ? fmt::format("xvm ctx trust {}", text::printable(name))
            : "look it up on the host (openssl x509 -in /etc/xensource/xapi-ssl.pem -noout "
              "-fingerprint -sha256) and change the pin";
    return options;
}

} // namespace

Pool::Impl::Impl(std::string given_name, ContextConfig given_config,
                 std::vector<Origin> given_origins, const ConnectOptions& options,
                 const Words& words, const std::stop_token& stop)
    : name(std::move(given_name)), config(std::move(given_config)),
      origins(std::move(given_origins)), endpoint(xapi::parse_endpoint(config.host)),
      cache(config.user + "@" + transport::authority(endpoint.host, endpoint.port)),
      verifier(trust_options(name, config, words)),
      session(session_options(options, words, stop), verifier, stop)
{
}

xapi::SessionOptions Pool::Impl::session_options(const ConnectOptions& options, const Words& words,
                                                 const std::stop_token& stop)
{
    xapi::SessionOptions made;
    made.endpoint = endpoint;
    for (const std::string& member : config.members)
        made.members.push_back(xapi::parse_endpoint(member));
    for (const xapi::Endpoint& member : cache.members())
        if (std::find(made.members.begin(), made.members.end(), member) == made.members.end())
            made.members.push_back(member);
    made.originator = fmt::format("xenlab/{}", program_invocation_short_name);
    made.credentials = [this, options, stop] { return find_credentials(options, config, stop); };
    if (auto cached = cache.load()) {
        made.cached = cached->reference;
        made.coordinator = cached->coordinator;
    }
    made.keep_login = cache.usable();
    made.on_login = [this](const Secret& reference, const xapi::Endpoint& coordinator) {
        cache.store(reference, coordinator);
    };
    made.note = words.note;
    return made;
}

Pool::Pool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Pool::~Pool() = default;

const std::string& Pool::name() const noexcept
{
    return impl_->name;
}

const ContextConfig& Pool::config() const noexcept
{
    return impl_->config;
}

const std::vector<Origin>& Pool::origins() const noexcept
{
    return impl_->origins;
}

xapi::Session& Pool::session()
{
    return impl_->session;
}

bool Pool::log_out()
{
    if (!impl_->cache.load())
        return false;
    impl_->session.clean_up("session.logout", {});
    impl_->cache.forget();
    return true;
}

xapi::TaskWatch& Pool::tasks()
{
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->tasks)
        impl_->tasks.emplace(impl_->session);
    return *impl_->tasks;
}

const std::vector<xapi::Object<xapi::Host>>& Pool::hosts()
{
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->hosts) {
        impl_->hosts = impl_->session.get_all<xapi::Host>();
        std::vector<xapi::Endpoint> members;
        for (const auto& host : *impl_->hosts)
            members.push_back({.host = host.record.address,
                               .port = impl_->endpoint.port,
                               .tls = impl_->endpoint.tls});
        impl_->cache.store_members(members);
        std::vector<KnownName> names;
        for (const auto& host : *impl_->hosts)
            names.push_back({.class_name = "HOST",
                             .name = host.record.name_label,
                             .uuid = host.record.uuid,
                             .words = host.record.address});
        remember_names(names_file(), "HOST", names);
    }
    return *impl_->hosts;
}

const xapi::Object<xapi::Host>* Pool::host(const xapi::Ref<xapi::Host>& ref)
{
    const auto& all = hosts();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& host) { return host.ref == ref; });
    return found == all.end() ? nullptr : &*found;
}

std::string Pool::ssh_destination(const xapi::Object<xapi::Host>& host)
{
    for (const std::string& key : {host.record.name_label, host.record.uuid, host.record.hostname})
        if (const auto found = impl_->config.ssh.find(key); found != impl_->config.ssh.end())
            return found->second;
    return "root@" + host.record.address;
}

xapi::Endpoint Pool::endpoint_of(const xapi::Object<xapi::Host>& host)
{
    const xapi::Endpoint coordinator = impl_->session.coordinator();
    if (hosts().size() == 1 || host.record.address == coordinator.host)
        return coordinator; // its own address may not be reachable from here (NAT, SSH forwards)
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->introduced) {
        // The coordinator is trusted, so what it says about the members' certificates is, too.
        impl_->introduced = true;
        for (const auto& certificate : impl_->session.get_all<xapi::Certificate>()) {
            const auto pin = transport::parse_pin(certificate.record.fingerprint);
            for (const auto& member : *impl_->hosts)
                if (pin && certificate.record.type == "host" &&
                    certificate.record.host == member.ref)
                    impl_->verifier.introduce(member.record.address, coordinator.port, *pin);
        }
    }
    return {.host = host.record.address, .port = coordinator.port, .tls = coordinator.tls};
}

std::string Pool::names_file() const
{
    return impl_->cache.names_file();
}

} // namespace xenlab::lab
