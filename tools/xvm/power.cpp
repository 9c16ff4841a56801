// SPDX-License-Identifier: GPL-3.0-or-later
#include "power.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xvm {

std::string power_word(const std::string& power_state)
{
    return text::to_lower(power_state);
}

namespace {

bool is_goal(const Job& job, const PowerChange& change)
{
    return !change.goal.empty() && job.record().power_state == change.goal;
}

Row already(const PowerChange& change)
{
    return skip(fmt::format("already {}", power_word(std::string(change.goal))));
}

/// The call may or may not have been carried out: the VM tells.
Row look_after(Job& job, const PowerChange& change, const Error& lost)
{
    job.refresh();
    job.wait_until_free();
    if (is_goal(job, change))
        return ok(fmt::format("{} (the answer was lost)", change.done));
    throw lost; // NOLINT
}

} // namespace

Row change_power(Job& job, const PowerChange& change)
{
    if (is_goal(job, change))
        return already(change);
    const auto possible = [&] {
        return std::find(change.from.begin(), change.from.end(), job.record().power_state) !=
               change.from.end();
    };
    if (job.dry_run && possible())
        return ok(std::string(change.would));
    job.wait_until_free(); // which may change the state
    if (is_goal(job, change))
        return already(change);
    if (!possible())
        throw Error(Errc::precondition,
                    fmt::format("is {}, but must be {}", power_word(job.record().power_state),
                                text::to_lower(fmt::format("{}", fmt::join(change.from, " or ")))),
                    std::string(change.hint));
    xapi::Session::Params params{job.ref()};
    params.insert(params.end(), change.more.begin(), change.more.end());
    try {
        const xmlrpc::Value value = job.run(change.method, std::move(params));
        return ok(job.no_wait ? "task " + value.as_scalar().value_or("")
                              : std::string(change.done));
    } catch (const transport::RequestLost& lost) {
        return look_after(job, change, lost);
    } catch (const xapi::Fault& fault) {
        // Somebody else was faster, or it was read before a long wait in the batch.
        if (!change.goal.empty() && fault.is("VM_BAD_POWER_STATE") && fault.params().size() == 3 &&
            fault.params()[2] == text::to_lower(change.goal))
            return already(change);
        throw;
    } catch (const Error& error) {
        if (error.code() == Errc::failed) // the task vanished
            return look_after(job, change, error);
        throw;
    }
}

} // namespace xvm
