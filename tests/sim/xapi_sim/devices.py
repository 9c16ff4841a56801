# SPDX-License-Identifier: GPL-3.0-or-later
"""VBDs (disks and CD drives) and VIFs."""

import re

from .rpc import api
from .schema import NULL
from .vm import record_fields
from .wire import Failure


@api("VBD.create", "X", True)
def vbd_create(ctx, record):
    """Observed: cd/007-013, vm-lifecycle/008-009."""
    pool, db = ctx.pool, ctx.db
    fields = record_fields(
        "VBD", record, ("VM", "VDI", "userdevice", "bootable", "mode", "type", "empty",
                        "other_config", "qos_algorithm_type", "qos_algorithm_params"),
        ("unpluggable", "device"),
    )
    with db.lock:
        vm = db.row("VM", fields["VM"])
        disk = fields["type"] == "Disk"
        if fields["type"] == "CD" and fields["mode"] != "RO":
            raise Failure("VBD_CDS_MUST_BE_READONLY")
        if disk and fields["empty"]:
            raise Failure("VBD_NOT_REMOVABLE_MEDIA", "in constructor")
        if not fields["empty"]:
            db.row("VDI", fields["VDI"])
        else:
            fields["VDI"] = NULL
        taken = {db.row("VBD", r)["userdevice"] for r in vm["VBDs"]}
        if fields["userdevice"] == "autodetect":
            fields["userdevice"] = next(str(n) for n in range(255) if str(n) not in taken)
        if not _device(fields["userdevice"]):
            raise Failure("INVALID_DEVICE", fields["userdevice"])
        if fields["userdevice"] in taken:
            raise Failure("DEVICE_ALREADY_EXISTS", fields["userdevice"])
        fields.setdefault("unpluggable", True)
        fields["device"] = ""
        ref = db.create("VBD", **fields)
        pool.operations.refresh("VBD", ref)
        return ref


def _device(text):
    if re.fullmatch(r"\d{1,3}", text):
        return int(text) < 255
    return re.fullmatch(r"(xvd|hd|sd)[a-z]{1,2}\d*|fd[ab]", text) is not None


@api("VBD.destroy", "r.VBD", True)
def vbd_destroy(ctx, ref):
    with ctx.db.lock:
        row = ctx.db.row("VBD", ref)
        vm = ctx.db.find("VM", row["VM"])
        if row["currently_attached"] and vm is not None:
            raise Failure(
                "OPERATION_NOT_ALLOWED",
                f"VBD '{row['uuid']}' still attached to '{vm['uuid']}'",
            )
        ctx.db.destroy("VBD", ref)
        ctx.pool.operations.refresh("VDI", row["VDI"])


def _removable(ctx, ref):
    row = ctx.db.row("VBD", ref)
    if row["type"] == "Disk":
        raise Failure("VBD_NOT_REMOVABLE_MEDIA", ref)
    return row


def _media_state(ctx, row):
    vm = ctx.db.row("VM", row["VM"])
    state = vm["power_state"].lower()
    if state == "suspended":  # observed: cd/073
        raise Failure("VM_BAD_POWER_STATE", row["VM"], "halted, running", state)
    return state


@api("VBD.insert", "r.VBD r", True)
def vbd_insert(ctx, ref, vdi):
    """Observed: cd/017-026, 073 (a real host also inserts while running)."""
    row = _removable(ctx, ref)
    ctx.db.row("VDI", vdi)
    if not row["empty"]:
        raise Failure("VBD_NOT_EMPTY", ref)
    state = _media_state(ctx, row)
    ctx.pool.faults.raise_error("VBD.insert.media", [ref, vdi])
    if state != "halted":
        ctx.pool.operations.hold("VBD", ref, ctx.operation, "insert")
        try:
            ctx.step(ctx.pool.duration("insert"))
        finally:
            ctx.pool.operations.release("VBD", ref, ctx.operation)
    with ctx.db.lock:
        ctx.db.set("VBD", ref, VDI=vdi, empty=False)
        ctx.pool.operations.refresh("VBD", ref)


@api("VBD.eject", "r.VBD", True)
def vbd_eject(ctx, ref):
    """Observed: cd/016-027, 074 (an empty drive is reported before the power state)."""
    row = _removable(ctx, ref)
    if row["empty"]:
        raise Failure("VBD_IS_EMPTY", ref)
    state = _media_state(ctx, row)
    ctx.pool.faults.raise_error("VBD.eject.media", [ref])
    if state != "halted":
        ctx.step(ctx.pool.duration("insert"))
    with ctx.db.lock:
        ctx.db.set("VBD", ref, VDI=NULL, empty=True)
        ctx.pool.operations.refresh("VBD", ref)


def _hotplug(ctx, cls, ref, attach):
    """plug and unplug (observed: cd/045-052, suspend-pv/010-020)."""
    pool, db = ctx.pool, ctx.db
    row = db.row(cls, ref)
    vm = db.row("VM", row["VM"])
    state = vm["power_state"].lower()
    if attach and row["currently_attached"]:
        raise Failure("DEVICE_ALREADY_ATTACHED", ref)
    if state != "running":
        raise Failure("VM_BAD_POWER_STATE", row["VM"], "running", state)
    dom0 = vm["is_control_domain"]
    if not pool.has_agent(vm) and not dom0:
        raise Failure("VM_MISSING_PV_DRIVERS", row["VM"])
    if not attach and not row["currently_attached"]:
        raise Failure("DEVICE_ALREADY_DETACHED", ref)
    pool.operations.hold(cls, ref, ctx.operation, "attach" if attach else "unplug")
    try:
        ctx.step(pool.duration("plug"))
        db.set(cls, ref, currently_attached=attach)
        if cls == "VBD" and attach:
            number = row["userdevice"]
            letter = chr(97 + int(number)) if number.isdigit() and int(number) < 26 else number
            db.set(cls, ref, device=f"xvd{letter}")
    finally:
        pool.operations.release(cls, ref, ctx.operation)
        if cls == "VBD":
            pool.operations.refresh("VDI", row["VDI"])


@api("VBD.plug", "r.VBD", True)
def vbd_plug(ctx, ref):
    _hotplug(ctx, "VBD", ref, True)


@api("VBD.unplug", "r.VBD", True)
def vbd_unplug(ctx, ref):
    _hotplug(ctx, "VBD", ref, False)


@api("VBD.unplug_force", "r.VBD", True)
def vbd_unplug_force(ctx, ref):
    _hotplug(ctx, "VBD", ref, False)


@api("VBD.assert_attachable", "r.VBD", True)
def vbd_assert_attachable(ctx, ref):
    if ctx.db.row("VBD", ref)["currently_attached"]:
        raise Failure("DEVICE_ALREADY_ATTACHED", ref)


@api("VM.get_allowed_VBD_devices", "r.VM")
def allowed_vbd_devices(ctx, vm):
    taken = {ctx.db.row("VBD", r)["userdevice"] for r in ctx.db.row("VM", vm)["VBDs"]}
    most = 255 if ctx.db.row("VM", vm)["domain_type"] == "hvm" else 15
    return [str(n) for n in range(most) if str(n) not in taken]


@api("VM.get_allowed_VIF_devices", "r.VM")
def allowed_vif_devices(ctx, vm):
    taken = {ctx.db.row("VIF", r)["device"] for r in ctx.db.row("VM", vm)["VIFs"]}
    return [str(n) for n in range(7) if str(n) not in taken]


@api("VIF.create", "X", True)
def vif_create(ctx, record):
    """Observed: vm-lifecycle/010."""
    db = ctx.db
    fields = record_fields(
        "VIF", record, ("device", "network", "VM", "MAC", "MTU", "other_config",
                        "qos_algorithm_type", "qos_algorithm_params"),
        ("locking_mode", "ipv4_allowed", "ipv6_allowed"),
    )
    with db.lock:
        vm = db.row("VM", fields["VM"])
        db.row("network", fields["network"])
        if not fields["device"].isdigit():
            raise Failure("INVALID_DEVICE", fields["device"])
        if fields["device"] in {db.row("VIF", r)["device"] for r in vm["VIFs"]}:
            raise Failure("DEVICE_ALREADY_EXISTS", fields["device"])
        automatic = not fields["MAC"]
        if automatic:
            fields["MAC"] = ctx.pool.new_mac()
        elif not re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", fields["MAC"]):
            raise Failure("MAC_INVALID", fields["MAC"])
        fields.setdefault("locking_mode", "network_default")
        ref = db.create(
            "VIF", MAC_autogenerated=automatic, ipv4_configuration_mode="None",
            ipv6_configuration_mode="None", **fields,
        )
        ctx.pool.operations.refresh("VIF", ref)
        return ref


@api("VIF.destroy", "r.VIF", True)
def vif_destroy(ctx, ref):
    row = ctx.db.row("VIF", ref)
    if row["currently_attached"]:
        vm = ctx.db.row("VM", row["VM"])["uuid"]
        text = f"VIF '{row['uuid']}' still attached to '{vm}'"
        raise Failure("OPERATION_NOT_ALLOWED", text)
    ctx.db.destroy("VIF", ref)


@api("VIF.plug", "r.VIF", True)
def vif_plug(ctx, ref):
    _hotplug(ctx, "VIF", ref, True)


@api("VIF.unplug", "r.VIF", True)
def vif_unplug(ctx, ref):
    _hotplug(ctx, "VIF", ref, False)


@api("VIF.unplug_force", "r.VIF", True)
def vif_unplug_force(ctx, ref):
    _hotplug(ctx, "VIF", ref, False)


@api("VIF.move", "r.VIF r.network", True)
def vif_move(ctx, ref, network):
    ctx.db.row("network", network)
    ctx.db.set("VIF", ref, network=network)
