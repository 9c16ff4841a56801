// SPDX-License-Identifier: GPL-3.0-or-later
// xvm iso insert: one image into the drives of many VMs. What is so already is skipped; another
// image is taken out first with --replace; a halted VM without a drive gets one with --add-drive.
#include "iso_view.hpp"

#include <xenlab/base/text.hpp>

#include <fmt/format.h>

#include <map>
#include <mutex>

namespace xvm {
namespace {

struct Options {
    std::string iso;
    lab::TargetOptions targets;
    BatchOptions batch;
    bool replace = false;
    bool add_drive = false;
};

void declare(cli::OptionSet& set, Options& o)
{
    set.add_option("ISO", o.iso, "Name or uuid of the image, or SR/NAME")
        .type_name("ISO")
        .required();
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_flag("--replace", o.replace, "Take out what is in the drive");
    set.add_flag("--add-drive", o.add_drive, "Give a halted VM without a drive one");
    declare_batch_options(set, o.batch);
}

Drive add_drive(Job& job)
{
    if (job.record().power_state != "Halted") // HVM takes no drive while it runs (xapi.md 3.2)
        throw Error(Errc::precondition, "has no CD drive and must be halted to get one");
    const auto places = job.session().call("VM.get_allowed_VBD_devices", {job.ref()});
    std::string place = "3"; // where installers expect it
    if (const auto* free = places.if_array(); free != nullptr && !free->empty()) {
        bool usual = false;
        for (const xmlrpc::Value& one : *free)
            usual = usual || one.as_scalar() == "3";
        if (!usual)
            place = free->front().as_scalar().value_or("3");
    }
    xmlrpc::Struct vbd;
    vbd.emplace("VM", job.ref());
    vbd.emplace("VDI", xmlrpc::Value("OpaqueRef:NULL"));
    vbd.emplace("userdevice", xmlrpc::Value(place));
    vbd.emplace("bootable", xmlrpc::Value(false));
    vbd.emplace("mode", xmlrpc::Value("RO"));
    vbd.emplace("type", xmlrpc::Value("CD"));
    vbd.emplace("empty", xmlrpc::Value(true));
    vbd.emplace("unpluggable", xmlrpc::Value(false));
    vbd.emplace("other_config", xmlrpc::Value(xmlrpc::Struct()));
    vbd.emplace("qos_algorithm_type", xmlrpc::Value(""));
    vbd.emplace("qos_algorithm_params", xmlrpc::Value(xmlrpc::Struct()));
    const auto made = job.session().call("VBD.create", {xmlrpc::Value(std::move(vbd))});
    Drive drive;
    drive.ref = xapi::Ref<xapi::Vbd>(made.as_scalar().value_or(""));
    drive.record.empty = true;
    return drive;
}

Row insert(Job& job, const Iso& iso, const Options& o)
{
    std::optional<Drive> drive = drive_of(job);
    if (drive && !drive->record.empty && drive->record.VDI == iso.ref)
        return skip("already in the drive");
    if (drive && !drive->record.empty && !o.replace)
        throw Error(Errc::precondition, "another image is in the drive",
                    "--replace takes it out first");
    if (!drive && !o.add_drive)
        throw Error(Errc::precondition, "has no CD drive", "--add-drive gives a halted VM one");
    if (job.record().power_state == "Suspended")
        throw Error(Errc::precondition, "is suspended: its drive cannot be changed",
                    "resume or kill it first");
    if (job.dry_run)
        return ok(drive ? "would insert" : "would add a drive and insert");
    const bool added = !drive;
    if (added)
        drive = add_drive(job);
    const bool replaced = eject(job, *drive);
    try {
        job.run("VBD.insert", {xapi::Session::value(drive->ref), xapi::Session::value(iso.ref)});
    } catch (const xapi::Fault& fault) {
        const bool there =
            fault.is("VBD_NOT_EMPTY") && job.session().get_record(drive->ref).VDI == iso.ref;
        if (!there) // else somebody was faster
            throw;
    }
    return ok(added ? "inserted into a new drive" : replaced ? "replaced" : "inserted");
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    lab::Pools pools = open_pools(globals, context);
    lab::Resolved resolved = lab::resolve(pools, o.targets, lab::Many::some, context.stop);
    std::map<lab::Pool*, Iso> isos; // found once, before anything is done
    for (const lab::VmTarget& vm : resolved.vms)
        if (!isos.contains(vm.pool))
            isos.emplace(vm.pool, find_iso(*vm.pool, o.iso));
    const BatchSpec spec{.schema = "xvm.iso.insert/1", .parallel = 16};
    return run_vms(
        std::move(resolved), o.batch, spec,
        [&](Job& job) { return insert(job, isos.at(job.vm.pool), o); }, context);
}

} // namespace

Verb iso_insert_verb()
{
    cli::ToolInfo info =
        batch_info("iso insert", "put an image into the CD drives of VMs", "xvm.iso.insert/1",
                   {{"xvm iso insert debian-12.iso 'web*' --replace", "Whatever is in there"}});
    info.completes.emplace_back("ISO");
    return cli::make_verb<Globals, Options>(std::move(info), declare, run);
}

} // namespace xvm
