// SPDX-License-Identifier: GPL-3.0-or-later
#include "ssh_access.hpp"

#include <xenlab/base/error.hpp>

#include <algorithm>

namespace vifcap {

using namespace xenlab;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::hours longest{48}; // xapi's own limit

/// Nothing on hosts that are too old to know the method.
std::optional<xmlrpc::Value> ask(lab::Pool& pool, const char* method, const xmlrpc::Value& host)
{
    try {
        return pool.session().call(method, {host});
    } catch (const xapi::Fault&) {
        return std::nullopt;
    }
}

} // namespace

SshAccess::SshAccess(lab::Pool& pool, xapi::Ref<xapi::Host> host, std::chrono::milliseconds time,
                     const cli::Context& context)
    : pool_(pool), host_(std::move(host)), context_(context)
{
    const xmlrpc::Value self = xapi::Session::value(host_);
    if (const auto before = ask(pool, "host.get_ssh_enabled_timeout", self))
        timeout_ = before->as_scalar();
    if (const auto before = ask(pool, "host.get_ssh_auto_mode", self))
        auto_mode_ = before->as_bool().value_or(false);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
        std::clamp<std::chrono::milliseconds>(time, 60s, longest));
    auto& session = pool_.session();
    session.call("host.set_ssh_enabled_timeout",
                 {self, xmlrpc::Value(std::to_string(seconds.count()))});
    session.call("host.enable_ssh", {self});
}

SshAccess::~SshAccess()
{
    auto& session = pool_.session();
    const xmlrpc::Value self = xapi::Session::value(host_);
    bool good = session.clean_up("host.disable_ssh", {self}).has_value();
    if (timeout_)
        good = session.clean_up("host.set_ssh_enabled_timeout", {self, xmlrpc::Value(*timeout_)}) &&
               good;
    if (auto_mode_)
        good = session.clean_up("host.set_ssh_auto_mode", {self, xmlrpc::Value(true)}) && good;
    if (!good)
        context_.warning("SSH of a host could not be put back; it ends with its timeout");
}

} // namespace vifcap
