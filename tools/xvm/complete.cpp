// SPDX-License-Identifier: GPL-3.0-or-later
#include "complete.hpp"

#include "iso_view.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/complete.hpp>
#include <xenlab/lab/names.hpp>

#include <algorithm>

namespace xvm {
namespace {

constexpr std::chrono::milliseconds patience{700};

/// One request for all objects of a class; `words` says what a shell shows beside each.
template <typename T, typename Words>
void remember(lab::Pool& pool, std::string_view kind, std::string_view where, const Words& words)
{
    std::vector<lab::KnownName> names;
    for (const auto& object : pool.session().get_all<T>(where))
        names.push_back({std::string(kind), object.record.name_label, object.record.uuid,
                         words(object.record)});
    lab::remember_names(pool.names_file(), std::string(kind), names);
}

/// Asks the pool, which keeps the names for the next time.
void refresh(lab::Pool& pool, std::string_view kind)
{
    if (kind == "HOST") {
        pool.hosts();
    } else if (kind == "ISO") {
        std::vector<lab::KnownName> names;
        for (const Iso& iso : isos_of(pool))
            names.push_back({"ISO", iso.record.name_label, iso.record.uuid, iso.sr});
        lab::remember_names(pool.names_file(), "ISO", names);
    } else if (kind == "SR") {
        remember<xapi::Sr>(pool, kind, "", [](const xapi::Sr& sr) { return sr.type; });
    } else if (kind == "NETWORK") {
        remember<xapi::Network>(pool, kind, "",
                                [](const xapi::Network& network) { return network.bridge; });
    } else if (kind == "VDI") {
        remember<xapi::Vdi>(pool, kind,
                            R"(field "managed" = "true" and field "is_a_snapshot" = "false")",
                            [](const xapi::Vdi& vdi) {
                                return text::human_size(static_cast<std::uint64_t>(
                                    std::max<std::int64_t>(0, vdi.virtual_size)));
                            });
    } else if (kind == "SNAPSHOT") {
        remember<xapi::Vm>(pool, kind, R"(field "is_a_snapshot" = "true")",
                           [](const xapi::Vm& vm) { return rfc3339(vm.snapshot_time); });
    } else if (kind == "TEMPLATE") {
        remember<xapi::Vm>(pool, kind,
                           R"(field "is_a_template" = "true" and field "is_a_snapshot" = "false")",
                           [](const xapi::Vm&) { return std::string(); });
    }
}

} // namespace

std::vector<cli::Candidate> complete(const Globals& globals, const cli::CompletionRequest& request)
{
    if (request.value == "CONTEXT")
        return lab::complete_contexts(globals.connect);
    const lab::Patience deadline(patience);
    if (request.value == "VM")
        return lab::complete_vms(globals.connect, deadline.token());
    Globals quiet = globals;
    quiet.connect.never_ask = true;
    lab::Pools pools(quiet.connect, {}, deadline.token());
    std::vector<cli::Candidate> candidates;
    for (lab::Pool* pool : pools.chosen())
        for (lab::KnownName& known : lab::names_for_completion(
                 pool->names_file(), request.value, [&] { refresh(*pool, request.value); }))
            candidates.push_back({std::move(known.name), std::move(known.words)});
    return candidates;
}

} // namespace xvm
