// SPDX-License-Identifier: GPL-3.0-or-later
#include "verdict.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>

#include <fmt/format.h>

namespace xenlab::transfer {

using End = xapi::TaskOutcome::End;

Task::Task(lab::Pool& pool, const std::string& what, const std::string& description)
    : pool_(pool), what_(what), task_(pool.session(), "xenlab " + what, description)
{
    pool.session().call("task.add_to_other_config", {xapi::Session::value(task_.ref()),
                                                     xmlrpc::Value(std::string(lab::mark_key)),
                                                     xmlrpc::Value(lab::own_mark().text())});
}

/// With names in it, and the side that failed.
xapi::Fault Task::told(const xapi::Fault& fault) const
{
    return pool_.session().explained(
        xapi::Fault("the server's side of the " + what_, fault.name(), fault.params()));
}

xmlrpc::Value Task::verdict(std::chrono::milliseconds patience,
                            const std::function<void(double)>& progress)
{
    bool moved = true;
    double last = -2;
    while (std::exchange(moved, false)) {
        const auto outcome =
            pool_.tasks().wait(ref(), transport::deadline_in(patience), [&](double fraction) {
                moved = moved || fraction != last;
                last = fraction;
                if (progress)
                    progress(fraction);
            });
        if (outcome.end == End::timed_out)
            continue;
        if (outcome.end == End::stopped)
            throw Error(Errc::interrupted, "interrupted");
        task_.release(); // it was destroyed
        if (outcome.fault)
            throw told(*outcome.fault);
        return outcome.value();
    }
    throw Error(Errc::timeout,
                fmt::format("all data has gone, but the server's task did not end within {}",
                            text::human_duration(
                                std::chrono::duration_cast<std::chrono::seconds>(patience))),
                "its result is not known");
}

std::optional<xapi::Fault> Task::failure(std::chrono::milliseconds wait)
{
    const auto outcome = pool_.tasks().wait(ref(), transport::deadline_in(wait));
    if (outcome.end == End::timed_out || outcome.end == End::stopped)
        return std::nullopt;
    task_.release();
    return outcome.fault ? std::optional(told(*outcome.fault)) : std::nullopt;
}

} // namespace xenlab::transfer
