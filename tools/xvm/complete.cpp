// SPDX-License-Identifier: GPL-3.0-or-later
#include "complete.hpp"

#include "iso_view.hpp"

#include <xenlab/lab/complete.hpp>
#include <xenlab/lab/names.hpp>

namespace xvm {
namespace {

constexpr std::chrono::milliseconds patience{700};

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
        std::vector<lab::KnownName> names;
        for (const auto& sr : pool.session().get_all<xapi::Sr>())
            names.push_back({"SR", sr.record.name_label, sr.record.uuid, sr.record.type});
        lab::remember_names(pool.names_file(), "SR", names);
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
