// SPDX-License-Identifier: GPL-3.0-or-later
#include "iso_view.hpp"

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    BatchOptions batch;
    std::string only;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_choice("--if", o.only, {"missing", "tools"},
                   "Only images whose file is missing (they keep VMs from starting), or only the "
                   "guest tools");
    declare_batch_options(set, o.batch);
}

Row take_out(Job& job, const std::string& only)
{
    const std::optional<Drive> drive = drive_of(job);
    if (!drive)
        return skip("has no CD drive");
    if (drive->record.empty)
        return skip("already empty");
    if (!only.empty()) {
        const xapi::Vdi vdi = job.session().get_record(drive->record.VDI);
        const bool tools =
            vdi.is_tools_iso || vdi.location == "xs-tools.iso" || vdi.location == "guest-tools.iso";
        if (only == "missing" ? !vdi.missing : !tools)
            return skip("another image");
    }
    if (job.record().power_state == "Suspended")
        throw Error(Errc::precondition, "is suspended: its drive cannot be changed",
                    "resume or kill it first");
    if (job.dry_run)
        return ok("would eject");
    return eject(job, *drive) ? ok("ejected") : skip("already empty");
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    const BatchSpec spec{.schema = "xvm.iso.eject/1", .parallel = 16};
    return run_vms(
        globals, o.targets, o.batch, spec, [&](Job& job) { return take_out(job, o.only); },
        context);
}

} // namespace

Verb iso_eject_verb()
{
    return cli::make_verb<Globals, Options>(
        batch_info("iso eject", "empty the CD drives of VMs", "xvm.iso.eject/1",
                   {{"xvm iso eject --all --if missing", "What keeps VMs from starting"}}),
        declare, run);
}

} // namespace xvm
