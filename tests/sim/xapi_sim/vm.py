# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs: making them, what belongs to them, bringing domains up and down."""

import uuid

from .clock import iso
from .rpc import api
from .schema import CLASSES, EPOCH, NULL
from .generic import check_enum
from .wire import Failure

#: Seconds each phase took on the recorded server.
DURATION = {
    "start": 0.2, "hard_shutdown": 0.15, "hard_reboot": 1.2, "clean_shutdown": 1.0,
    "clean_reboot": 1.5, "suspend": 0.2, "resume": 0.2, "pause": 0.06, "unpause": 0.06,
    "destroy": 0.05, "pool_migrate": 0.5, "clone": 0.2, "copy": 0.5, "snapshot": 0.2,
    "revert": 0.2, "plug": 0.1, "insert": 0.1, "agent": 2.0,
}

BIOS_STRINGS = {
    "bios-vendor": "Xen", "bios-version": "", "system-manufacturer": "Xen",
    "system-product-name": "HVM domU", "system-version": "", "system-serial-number": "",
    "baseboard-manufacturer": "", "baseboard-product-name": "", "baseboard-version": "",
    "baseboard-serial-number": "", "baseboard-asset-tag": "",
    "baseboard-location-in-chassis": "", "enclosure-asset-tag": "", "hp-rombios": "",
    "oem-1": "Xen", "oem-2": "simulated",
}

#: Fields VM.create insists on (observed: errors-sessions/046 names the first).
REQUIRED = (
    "user_version is_a_template affinity memory_static_max memory_dynamic_max "
    "memory_dynamic_min memory_static_min VCPUs_params VCPUs_max VCPUs_at_startup "
    "actions_after_shutdown actions_after_reboot actions_after_crash PV_bootloader PV_kernel "
    "PV_ramdisk PV_args PV_bootloader_args PV_legacy_args HVM_boot_policy HVM_boot_params "
    "platform PCI_bus other_config recommendations"
).split()


def record_fields(cls, record, required, optional):
    """Typed field values out of a creation record; unknown keys are ignored."""
    from .rpc import convert

    fields = {}
    for name in required:
        if name not in record:
            error = f'Server_helpers.Dispatcher_FieldNotFound("{name}")'
            raise Failure("INTERNAL_ERROR", error)
    for name in list(required) + list(optional):
        if name in record:
            kind = CLASSES[cls][name].kind
            fields[name] = convert(kind, record[name])
            if kind in "sM":
                check_enum(cls, name, fields[name] if kind == "M" else [fields[name]])
    return fields


@api("VM.create", "X", True)
def vm_create(ctx, record):
    """A new halted VM (observed: vm-lifecycle/007, 011)."""
    optional = [n for n, f in CLASSES["VM"].items() if f.settable and n not in REQUIRED]
    fields = record_fields("VM", record, REQUIRED, optional)
    low, high = fields["memory_dynamic_min"], fields["memory_dynamic_max"]
    if not fields["memory_static_min"] <= low <= high <= fields["memory_static_max"]:
        raise Failure("MEMORY_CONSTRAINT_VIOLATION", "range")
    if fields["VCPUs_max"] < 1 or fields["VCPUs_at_startup"] < 1:
        raise Failure("INVALID_VALUE", "VCPUs_max", str(fields["VCPUs_max"]))
    pv = fields["HVM_boot_policy"] == ""
    if fields.get("domain_type", "unspecified") == "unspecified":
        fields["domain_type"] = "pv" if pv else "hvm"
    fields["other_config"] = {"mac_seed": str(uuid.uuid4()), **fields["other_config"]}
    return make_vm(ctx.pool, **fields)


def make_vm(pool, **fields):
    """A VM row with its VM_metrics and the defaults of a fresh VM."""
    db = pool.db
    with db.lock:
        fields.setdefault("HVM_shadow_multiplier", 1.0)
        fields.setdefault("memory_overhead", 5242880)
        fields.setdefault("memory_target", fields.get("memory_static_max", 0))
        metrics = db.create("VM_metrics", current_domain_type="unspecified")
        for name, value in (
            ("power_state", "Halted"), ("domid", -1), ("metrics", metrics),
            ("actions_after_softreboot", "soft_reboot"), ("user_version", 1),
        ):
            fields.setdefault(name, value)
        ref = db.create("VM", **fields)
        pool.operations.refresh("VM", ref)
        return ref


def choose_host(pool, row):
    """Where a VM starts: its affinity, else the enabled host with the fewest VMs."""
    hosts = [h for h in pool.db.rows("host") if h["enabled"] and not pool.is_down(h.ref)]
    if not hosts:
        raise Failure("NO_HOSTS_AVAILABLE")
    for host in hosts:
        if host.ref == row["affinity"]:
            return host.ref
    return min(hosts, key=lambda h: len(h["resident_VMs"])).ref


def devices(db, vm):
    """(VBD and VIF rows) of a VM."""
    row = db.row("VM", vm)
    found = [("VBD", db.find("VBD", r)) for r in row["VBDs"]]
    found += [("VIF", db.find("VIF", r)) for r in row["VIFs"]]
    return [(cls, r) for cls, r in found if r is not None]


def boot(ctx, vm, host, paused=False):
    """Bring a domain up; the VM's current operation is already set."""
    pool, db, task = ctx.pool, ctx.db, ctx.operation
    with db.lock:
        row = db.row("VM", vm)
        if row["guest_metrics"] != NULL:
            db.destroy("VM_guest_metrics", row["guest_metrics"])
        platform = dict(row["platform"])
        if row["domain_type"] == "hvm":
            platform.setdefault("device-model", "qemu-upstream-compat")
        db.set(
            "VM", vm, scheduled_to_be_resident_on=host, guest_metrics=NULL, platform=platform,
            bios_strings=row["bios_strings"] or dict(BIOS_STRINGS),
        )
        for cls, device in devices(db, vm):
            db.set(cls, device.ref, currently_attached=True)
            pool.operations.hold(cls, device.ref, task, "attach")
            if cls == "VBD" and device["VDI"] != NULL:
                pool.operations.refresh("VDI", device["VDI"])
    ctx.step(pool.duration("start") / 2)
    with db.lock:
        row = db.row("VM", vm)
        metrics = db.create(
            "VM_guest_metrics", last_updated=iso(), live=True,
            can_use_hotplug_vbd="unspecified", can_use_hotplug_vif="unspecified",
        )
        make_consoles(pool, vm, host)
        db.set(
            "VM", vm, power_state="Paused" if paused else "Running", resident_on=host,
            scheduled_to_be_resident_on=NULL, domid=pool.next_domid(), memory_target=0,
            last_boot_CPU_flags={"vendor": "GenuineIntel", "features": ""},
            guest_metrics=metrics,
        )
        pool.operations.refresh("VM", vm)
        db.set(
            "VM_metrics", row["metrics"], VCPUs_number=row["VCPUs_at_startup"], start_time=iso(),
            current_domain_type=row["domain_type"],
        )
        for cls, device in devices(db, vm):
            if cls == "VBD":
                name = device["userdevice"]
                letter = chr(97 + int(name)) if name.isdigit() and int(name) < 26 else name
                db.set("VBD", device.ref, device=f"xvd{letter}")
                if device["VDI"] != NULL:
                    pool.operations.refresh("VDI", device["VDI"])
        ctx.annotate(**{"debug_info:cancel_points_seen": "13"})
    ctx.step(pool.duration("start") / 2)
    release_devices(ctx, vm)
    pool.agent_appears(vm)


def release_devices(ctx, vm):
    """The devices' current operations end before the VM's (observed: vm-lifecycle/019)."""
    db = ctx.db
    with db.lock:
        for cls, device in devices(db, vm):
            ctx.pool.operations.release(cls, device.ref, ctx.operation)
            if cls == "VBD" and device["VDI"] != NULL:
                ctx.pool.operations.refresh("VDI", device["VDI"])


def make_consoles(pool, vm, host):
    """New consoles with new uuids at every start (observed: vm-lifecycle/018)."""
    address = pool.db.row("host", host)["address"]
    for protocol in ("rfb", "vt100"):
        identity = str(uuid.uuid4())
        pool.db.create(
            "console", uuid=identity, protocol=protocol, VM=vm,
            location=f"https://{address}/console?uuid={identity}",
        )


def drop_consoles(pool, vm):
    """Consoles die with the domain."""
    for ref in list(pool.db.row("VM", vm)["consoles"]):
        pool.db.destroy("console", ref)


def domain_gone(ctx, vm, state, keep_attached=False):
    """First half of a shutdown: the domain is gone (observed: vm-lifecycle/092)."""
    db = ctx.db
    with db.lock:
        row = db.row("VM", vm)
        db.set("VM", vm, power_state=state, resident_on=NULL, domid=-1)
        ctx.pool.operations.refresh("VM", vm)
        db.set("VM_metrics", row["metrics"], current_domain_type="unspecified")
        if not keep_attached:
            for cls, device in devices(db, vm):
                db.set(cls, device.ref, currently_attached=False)


def after_shutdown(ctx, vm):
    """Second half: metrics reset, consoles deleted, disks free (observed: vm-lifecycle/094)."""
    db = ctx.db
    with db.lock:
        row = db.row("VM", vm)
        drop_consoles(ctx.pool, vm)
        db.set("VM_metrics", row["metrics"], VCPUs_number=0, start_time=EPOCH)
        for cls, device in devices(db, vm):
            ctx.pool.operations.refresh(cls, device.ref)
            if cls == "VBD" and device["VDI"] != NULL:
                ctx.pool.operations.refresh("VDI", device["VDI"])


class operation:
    """with operation(ctx, vm, "start"): holds the VM for the time of an operation."""

    def __init__(self, ctx, vm, name):
        self.ctx, self.vm, self.name = ctx, vm, name

    def __enter__(self):
        self.ctx.pool.operations.begin(self.ctx, self.vm, self.name)

    def __exit__(self, *_):
        self.ctx.pool.operations.end(self.ctx, self.vm)


def drop_vm(pool, vm):
    """Delete a VM with everything that belongs to it, but not its disks."""
    db = pool.db
    with db.lock:
        row = db.find("VM", vm)
        if row is None:
            return
        vdis = []
        for cls, device in devices(db, vm):
            if cls == "VBD":
                vdis.append(device["VDI"])
            db.destroy(cls, device.ref)
        drop_consoles(pool, vm)
        for child in list(row["children"]):
            db.set("VM", child, parent=NULL)
        for snapshot in list(row["snapshots"]):
            db.set("VM", snapshot, snapshot_of=NULL)
        db.destroy("VM_metrics", row["metrics"])
        db.destroy("VM_guest_metrics", row["guest_metrics"])
        db.destroy("VM", vm)
        for vdi in vdis:
            pool.operations.refresh("VDI", vdi)
