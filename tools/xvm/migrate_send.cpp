// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate_send.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {
namespace {

using xapi::Session;

/// What goes where, found out before anything is done.
struct Plan {
    const xapi::Object<xapi::Host>* host = nullptr;
    std::string where;    ///< in words
    xmlrpc::Struct disks; ///< VDI here -> SR there
    xmlrpc::Struct cards; ///< VIF here -> network there
};

const xapi::Object<xapi::Sr>& storage(const Destination& to)
{
    if (!to.sr.empty())
        return pick_one<xapi::Sr>(to.view, "SR", to.sr);
    const auto& pools = to.view.all<xapi::Pool>();
    for (const auto& sr : to.view.all<xapi::Sr>())
        if (!pools.empty() && sr.ref == pools.front().record.default_SR)
            return sr;
    throw Error(Errc::precondition, "the other pool has no default SR", "name one with --sr");
}

bool sees(PoolView& view, const xapi::Ref<xapi::Host>& host, const xapi::Sr& sr)
{
    return std::any_of(sr.PBDs.begin(), sr.PBDs.end(), [&](const auto& ref) {
        const xapi::Pbd* pbd = view.find(ref);
        return pbd != nullptr && pbd->host == host && pbd->currently_attached;
    });
}

/// The host it goes to, or that it stays on; a halted one needs any that sees the storage.
const xapi::Object<xapi::Host>& host_for(const Job& job, const Destination& to, const xapi::Sr& sr)
{
    const xapi::Object<xapi::Host>* host = to.host;
    for (const auto& one : to.view.all<xapi::Host>())
        if (host == nullptr &&
            (job.record().resident_on ? job.record().resident_on == one.ref
                                      : one.record.enabled && sees(to.view, one.ref, sr)))
            host = &one;
    if (host == nullptr)
        throw Error(Errc::precondition,
                    fmt::format("no host that is enabled sees {}", text::quoted(sr.name_label)));
    if (!sees(to.view, host->ref, sr))
        throw Error(Errc::precondition,
                    fmt::format("{} does not see {}", text::printable(host->record.name_label),
                                text::quoted(sr.name_label)),
                    "--to names another host, --sr other storage");
    return *host;
}

xmlrpc::Value network_for(Job& job, const Destination& to, const xapi::Vif& card)
{
    if (!to.network.empty())
        return Session::value(pick_one<xapi::Network>(to.view, "network", to.network).ref);
    const std::string name = job.session().get_record(card.network).name_label;
    for (const auto& network : to.view.all<xapi::Network>())
        if (network.record.name_label == name)
            return Session::value(network.ref);
    throw Error(Errc::precondition,
                fmt::format("the other pool has no network {}", text::quoted(name)),
                "name one for its cards with --network");
}

Plan plan_for(Job& job, const Destination& to)
{
    const bool away = &to.view.pool() != job.vm.pool;
    const auto& sr = storage(to);
    Plan plan{.host = &host_for(job, to, sr.record)};
    for (const auto& ref : job.record().VBDs) {
        const xapi::Vbd vbd = job.session().get_record(ref);
        if (vbd.type != "Disk" || !vbd.VDI)
            continue;
        if (away || job.session().get_record(vbd.VDI).SR != sr.ref)
            plan.disks.emplace(vbd.VDI.str(), Session::value(sr.ref));
    }
    if (away) // within the pool cards stay on their networks
        for (const auto& ref : job.record().VIFs)
            plan.cards.emplace(ref.str(), network_for(job, to, job.session().get_record(ref)));
    plan.where =
        fmt::format("{}{}, {} disk{} to {}", away ? to.view.pool().name() + "/" : "",
                    text::printable(plan.host->record.name_label), plan.disks.size(),
                    plan.disks.size() == 1 ? "" : "s", text::printable(sr.record.name_label));
    return plan;
}

/// The network over which a host is managed.
xmlrpc::Value management_network(Session& session, const xapi::Ref<xapi::Host>& host)
{
    std::optional<xmlrpc::Value> network;
    session.each_record("PIF", R"(field "management" = "true")",
                        [&](const std::string&, const xmlrpc::Value& pif) {
                            const auto* of = pif.find("host");
                            const auto* on = pif.find("network");
                            if (of != nullptr && on != nullptr && of->as_scalar() == host.str())
                                network = *on;
                        });
    if (!network)
        throw Error(Errc::precondition, "the host has no management network");
    return *network;
}

/// The session that the receiving pool made for the sender ends with the move.
class Reception {
  public:
    Reception(Session& session, const xapi::Ref<xapi::Host>& host)
        : session_(session),
          ticket_(session.call("host.migrate_receive",
                               {Session::value(host), management_network(session, host),
                                xmlrpc::Value(xmlrpc::Struct{})}))
    {
    }
    ~Reception()
    {
        if (const auto* made = ticket_.find("session_id"); made != nullptr && !kept_)
            try {
                session_.call_without_session("session.logout", {*made});
            } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): it expires
            }
    }
    Reception(const Reception&) = delete;
    Reception& operator=(const Reception&) = delete;
    [[nodiscard]] const xmlrpc::Value& ticket() const noexcept { return ticket_; }
    void keep() noexcept { kept_ = true; }

  private:
    Session& session_;
    xmlrpc::Value ticket_;
    bool kept_ = false;
};

/// Whether a VM arrived although we were not told.
bool arrived(Session& there, const std::string& uuid)
{
    try {
        return !there.get_by_uuid<xapi::Vm>(uuid).null();
    } catch (const xapi::Fault&) { // UUID_INVALID
        return false;
    }
}

} // namespace

Row send_vm(Job& job, const Destination& to)
{
    if (job.record().power_state == "Paused")
        throw Error(Errc::precondition, "is paused, and cannot move so", "unpause it first");
    const bool away = &to.view.pool() != job.vm.pool;
    const Plan plan = plan_for(job, to);
    const bool stays = to.host == nullptr || job.record().resident_on == to.host->ref ||
                       job.record().power_state == "Halted";
    if (!away && plan.disks.empty() && stays)
        return skip("its disks are there already");
    if (job.dry_run)
        return ok("would move to " + plan.where);
    job.wait_until_free();
    Session& there = to.view.pool().session();
    Reception reception(there, plan.host->ref);
    try {
        const auto done =
            job.run("VM.migrate_send",
                    {job.ref(), reception.ticket(), xmlrpc::Value(true), xmlrpc::Value(plan.disks),
                     xmlrpc::Value(plan.cards), xmlrpc::Value(xmlrpc::Struct{})});
        if (job.no_wait)
            reception.keep();
        return ok(job.no_wait ? "task " + done.as_scalar().value_or("") : "moved to " + plan.where);
    } catch (const xapi::Fault&) {
        throw;
    } catch (const Error& error) { // the answer was lost, or the task vanished
        const bool lost = error.code() == Errc::failed || error.code() == Errc::unreachable;
        if (!lost || !away || !arrived(there, job.record().uuid))
            throw;
        return ok(fmt::format("moved to {} (the answer was lost)", plan.where));
    }
}

} // namespace xvm
