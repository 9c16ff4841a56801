// SPDX-License-Identifier: GPL-3.0-or-later
// xvm disk add: a new disk, or one that is there already, for a VM; while it runs where the guest
// can take it.
#include "devices.hpp"
#include "listing.hpp"
#include "pool_view.hpp"

#include <xenlab/base/text.hpp>
#include <xenlab/lab/mark.hpp>

#include <fmt/format.h>

namespace xvm {
namespace {

struct Options {
    lab::TargetOptions targets;
    std::uint64_t size = 0;
    std::string sr, name, vdi, device = "autodetect";
    bool read_only = false;
    bool bootable = false;
    ChangeOptions change;
};

void declare(cli::OptionSet& set, Options& o)
{
    lab::declare_target_options(set, o.targets, lab::Many::some);
    set.add_size("--size", o.size, "Make a new disk of this size");
    set.add_option("--sr", o.sr, "Where to make it (default: the default SR of the pool)")
        .type_name("SR");
    set.add_option("--name", o.name, "What to call it (default: the VM's name and the position)")
        .type_name("NAME");
    set.add_option("--vdi", o.vdi, "Attach this disk instead of making one").type_name("VDI");
    set.add_option("--device", o.device, "Position (0, 1…); default: the first free one")
        .type_name("N");
    set.add_flag("--read-only", o.read_only, "The VM may only read it");
    set.add_flag("--bootable", o.bootable, "The VM may boot from it");
    declare_parallel_changes(set, o.change, false);
}

/// A VDI made for a VM; destroyed again unless keep() was called, and marked until then: should we
/// be killed, xvm reap finds it.
class NewVdi {
  public:
    NewVdi(lab::Pool& pool, const cli::Context& context, const Options& o, const std::string& name,
           const xapi::Ref<xapi::Sr>& sr)
        : session_(pool.session())
    {
        xmlrpc::Struct record;
        record.emplace("name_label", xmlrpc::Value(name));
        record.emplace("name_description", xmlrpc::Value(""));
        record.emplace("SR", value(sr));
        record.emplace("virtual_size", xmlrpc::Value(static_cast<std::int64_t>(o.size)));
        record.emplace("type", xmlrpc::Value("user"));
        record.emplace("sharable", xmlrpc::Value(false));
        record.emplace("read_only", xmlrpc::Value(false));
        record.emplace("other_config",
                       xmlrpc::Value(xmlrpc::Struct{
                           {std::string(lab::mark_key), xmlrpc::Value(lab::own_mark().text())}}));
        record.emplace("xenstore_data", xmlrpc::Value(xmlrpc::Struct{}));
        record.emplace("sm_config", xmlrpc::Value(xmlrpc::Struct{}));
        record.emplace("tags", xmlrpc::Value(xmlrpc::Array{}));
        ref_ = xapi::Ref<xapi::Vdi>(
            run_task(pool, context, "VDI.create", {xmlrpc::Value(std::move(record))}));
    }
    ~NewVdi()
    {
        if (!kept_)
            session_.clean_up("VDI.destroy", {value(ref_)});
    }
    NewVdi(const NewVdi&) = delete;
    NewVdi& operator=(const NewVdi&) = delete;
    [[nodiscard]] const xapi::Ref<xapi::Vdi>& ref() const noexcept { return ref_; }
    void keep()
    {
        kept_ = true;
        session_.call("VDI.remove_from_other_config",
                      {value(ref_), xmlrpc::Value(std::string(lab::mark_key))});
    }

  private:
    xapi::Session& session_;
    xapi::Ref<xapi::Vdi> ref_;
    bool kept_ = false;
};

xapi::Ref<xapi::Vbd> create_vbd(const lab::VmTarget& vm, const xapi::Ref<xapi::Vdi>& vdi,
                                const Options& o)
{
    xmlrpc::Struct record;
    record.emplace("VM", value(vm.ref));
    record.emplace("VDI", value(vdi));
    record.emplace("userdevice", xmlrpc::Value(o.device));
    record.emplace("bootable", xmlrpc::Value(o.bootable));
    record.emplace("mode", xmlrpc::Value(o.read_only ? "RO" : "RW"));
    record.emplace("type", xmlrpc::Value("Disk"));
    record.emplace("unpluggable", xmlrpc::Value(true));
    record.emplace("empty", xmlrpc::Value(false));
    record.emplace("other_config", xmlrpc::Value(xmlrpc::Struct{{"owner", xmlrpc::Value("")}}));
    record.emplace("qos_algorithm_type", xmlrpc::Value(""));
    record.emplace("qos_algorithm_params", xmlrpc::Value(xmlrpc::Struct{}));
    return xapi::Ref<xapi::Vbd>(vm.pool->session()
                                    .call("VBD.create", {xmlrpc::Value(std::move(record))})
                                    .as_scalar()
                                    .value_or(""));
}

Done add_to(const lab::VmTarget& vm, PoolView& view, const Options& o, const cli::Context& context)
{
    std::optional<xapi::Ref<xapi::Vdi>> existing;
    xapi::Ref<xapi::Sr> sr;
    if (!o.vdi.empty()) {
        const auto picked = pick_vdis(view, {o.vdi}, context.stop);
        if (picked.size() != 1)
            throw Error(Errc::ambiguous, "--vdi means several disks", "name one");
        const xapi::Vdi& vdi = picked.front()->record;
        for (const xapi::Ref<xapi::Vbd>& ref : vdi.VBDs)
            if (const xapi::Vbd* vbd = view.find(ref); vbd != nullptr && !vdi.sharable) {
                if (vbd->VM == vm.ref)
                    return {.skipped = true, .message = "it has the disk already"};
                if (!o.read_only || vbd->mode == "RW")
                    throw Error(Errc::precondition,
                                fmt::format("the disk belongs to {} already",
                                            text::quoted(view.name(vbd->VM))),
                                "xvm vdi who shows it; two writers would destroy it");
            }
        existing = picked.front()->ref;
    } else if (!o.sr.empty()) {
        sr = pick_one<xapi::Sr>(view, "SR", o.sr).ref;
    } else {
        const auto& pool = view.all<xapi::Pool>();
        sr = pool.empty() ? sr : pool.front().record.default_SR;
        if (view.find(sr) == nullptr)
            throw Error(Errc::precondition, "the pool has no default SR", "name one with --sr");
    }
    if (o.change.dry_run)
        return {.message = existing ? "would attach the disk"
                                    : fmt::format("would make {} in {}", text::human_size(o.size),
                                                  text::printable(view.name(sr)))};
    if (existing)
        return {.message = plug(vm, context, "VBD.plug", value(create_vbd(vm, *existing, o)))};
    const std::string name = o.name.empty() ? vm.record.name_label + " disk" : o.name;
    NewVdi vdi(*vm.pool, context, o, name, sr);
    const auto vbd = create_vbd(vm, vdi.ref(), o);
    vdi.keep();
    return {.message = plug(vm, context, "VBD.plug", value(vbd))};
}

int run(const Globals& globals, const Options& o, cli::Context& context)
{
    if ((o.size == 0) == o.vdi.empty())
        throw Error(Errc::usage, "give either --size or --vdi");
    lab::Pools pools = open_pools(globals, context);
    const auto vms = lab::resolve_vms(pools, o.targets);
    if (!o.vdi.empty() && vms.size() > 1)
        throw Error(Errc::usage, "one disk cannot be given to several VMs");
    std::unordered_map<lab::Pool*, PoolView> views;
    Changes changes(context, "xvm.disk.add/1", o.change);
    for (const lab::VmTarget& vm : vms) {
        PoolView& view = views.try_emplace(vm.pool, *vm.pool).first->second;
        changes.add(*vm.pool, vm.label(), vm.record.uuid,
                    [&] { return add_to(vm, view, o, context); });
    }
    return changes.run();
}

} // namespace

Verb disk_add_verb()
{
    return cli::make_verb<Globals, Options>(
        {.name = "disk add",
         .summary = "make a disk, or take an existing one, and attach it to VMs",
         .schema = "xvm.disk.add/1",
         .formats = row_formats,
         .columns = batch_columns(),
         .timeout_option = true,
         .examples = {{"xvm disk add web1 lab-1 --size 10G --dry-run",
                       "See where a new disk for each would go"}},
         .completes = {"VM", "SR", "VDI", "CONTEXT", "HOST"}},
        declare, run);
}

} // namespace xvm
