# SPDX-License-Identifier: GPL-3.0-or-later
"""The VM life cycle: power operations, step by step as the events showed them.

Order of the writes and the states in between: observed in vm-lifecycle
(HVM) and suspend-pv (PV); times are the observed ones, scaled.
"""

from .rpc import api
from .schema import EPOCH, NULL
from .vm import (
    after_shutdown, boot, choose_host, devices, domain_gone, drop_consoles, drop_vm, make_consoles,
    operation, release_devices,
)
from .wire import Failure


def start(ctx, vm, host=None, paused=False, name="start"):
    """start and start_on."""
    with operation(ctx, vm, name):
        row = ctx.db.row("VM", vm)
        vdis = [d["VDI"] for cls, d in devices(ctx.db, vm) if cls == "VBD" and not d["empty"]]
        for vdi in vdis:
            disk = ctx.db.find("VDI", vdi)
            if disk is None or disk["missing"]:
                raise Failure("VM_REQUIRES_VDI", vm, vdi)
        try:
            boot(ctx, vm, host or choose_host(ctx.pool, row), paused)
        finally:
            release_devices(ctx, vm)


@api("VM.start", "r.VM b b", True)
def vm_start(ctx, vm, paused, force):
    start(ctx, vm, paused=paused)


@api("VM.start_on", "r.VM r.host b b", True)
def vm_start_on(ctx, vm, host, paused, force):
    ctx.db.row("host", host)
    if not ctx.db.row("host", host)["enabled"]:
        raise Failure("HOST_DISABLED", host)
    start(ctx, vm, host, paused, "start_on")


@api("VM.hard_shutdown", "r.VM", True)
def vm_hard_shutdown(ctx, vm):
    """Works while anything but another hard_shutdown runs; discards a suspend image."""
    with operation(ctx, vm, "hard_shutdown"):
        was_suspended = ctx.db.row("VM", vm)["power_state"] == "Suspended"
        domain_gone(ctx, vm, "Halted")
        ctx.annotate(**{"debug_info:cancel_points_seen": "12"})
        if was_suspended:
            drop_suspend_image(ctx, vm)
        ctx.pool.clock.sleep(ctx.pool.duration("hard_shutdown"))
        after_shutdown(ctx, vm)


def drop_suspend_image(ctx, vm):
    """Suspended -> Halted deletes the suspend image (observed: suspend-pv/061)."""
    image = ctx.db.row("VM", vm)["suspend_VDI"]
    ctx.db.set("VM", vm, suspend_VDI=NULL)
    if image != NULL:
        ctx.pool.disks.pop(image, None)
        ctx.db.destroy("VDI", image)


def reboot(ctx, vm, name):
    """hard_reboot and clean_reboot: the record stays Running (observed: vm-lifecycle/050-054)."""
    with operation(ctx, vm, name):
        pool, db = ctx.pool, ctx.db
        with db.lock:
            for cls, device in devices(db, vm):
                pool.operations.hold(cls, device.ref, ctx.operation, "attach")
        try:
            ctx.pool.clock.sleep(pool.duration(name) / 2)
            ctx.annotate(**{"debug_info:cancel_points_seen": "24"})
            ctx.pool.clock.sleep(pool.duration(name) / 2)
            with db.lock:
                # the consoles stay (observed: vm-lifecycle/053)
                db.set("VM", vm, domid=pool.next_domid(), power_state="Running")
        finally:
            release_devices(ctx, vm)


@api("VM.hard_reboot", "r.VM", True)
def vm_hard_reboot(ctx, vm):
    reboot(ctx, vm, "hard_reboot")


@api("VM.clean_reboot", "r.VM", True)
def vm_clean_reboot(ctx, vm):
    reboot(ctx, vm, "clean_reboot")


@api("VM.clean_shutdown", "r.VM", True)
def vm_clean_shutdown(ctx, vm):
    """Needs an agent; the guest takes its time and can be cancelled meanwhile."""
    with operation(ctx, vm, "clean_shutdown"):
        for _ in range(10):
            ctx.step(ctx.pool.duration("clean_shutdown") / 10)
        domain_gone(ctx, vm, "Halted")
        after_shutdown(ctx, vm)


@api("VM.shutdown", "r.VM", True)
def vm_shutdown(ctx, vm):
    """Clean if the guest can, else hard."""
    row = ctx.db.row("VM", vm)
    if row["power_state"] == "Running" and ctx.pool.has_agent(row):
        vm_clean_shutdown(ctx, vm)
    else:
        vm_hard_shutdown(ctx, vm)


@api("VM.pause", "r.VM", True)
def vm_pause(ctx, vm):
    with operation(ctx, vm, "pause"):
        ctx.step(ctx.pool.duration("pause"))
        ctx.db.set("VM", vm, power_state="Paused")


@api("VM.unpause", "r.VM", True)
def vm_unpause(ctx, vm):
    with operation(ctx, vm, "unpause"):
        ctx.step(ctx.pool.duration("unpause"))
        ctx.db.set("VM", vm, power_state="Running")


@api("VM.suspend", "r.VM", True)
def vm_suspend(ctx, vm):
    """Disk VBDs keep currently_attached (observed: suspend-pv/025)."""
    pool, db = ctx.pool, ctx.db
    with operation(ctx, vm, "suspend"):
        row = db.row("VM", vm)
        sr = next(
            (r for r in (row["suspend_SR"], pool.pool_row["suspend_image_SR"],
                         pool.pool_row["default_SR"]) if r in db.tables["SR"]), None
        )
        if sr is None:
            raise Failure("VM_NO_SUSPEND_SR", vm)
        ctx.step(pool.duration("suspend"))
        size = row["memory_static_max"] + 16 * 1024 * 1024
        image = pool.make_vdi(
            sr, name_label="Suspend image", name_description="Suspend image",
            virtual_size=size, type="suspend",
        )
        db.set("VM", vm, suspend_VDI=image)
        domain_gone(ctx, vm, "Suspended", keep_attached=True)
        with db.lock:
            drop_consoles(pool, vm)
            db.set("VM_metrics", row["metrics"], VCPUs_number=0, start_time=EPOCH)
            for cls, device in devices(db, vm):
                if cls == "VIF":
                    db.set(cls, device.ref, currently_attached=False)
                elif device["type"] == "CD":  # observed: cd/075
                    db.set(cls, device.ref, currently_attached=False, device="")
    pool.operations.refresh_vm(vm)


def resume(ctx, vm, host, paused, name):
    """resume and resume_on (not recorded: the recorded driver could not; from xapi.md 3.1)."""
    with operation(ctx, vm, name):
        boot(ctx, vm, host or choose_host(ctx.pool, ctx.db.row("VM", vm)), paused)
        drop_suspend_image(ctx, vm)


@api("VM.resume", "r.VM b b", True)
def vm_resume(ctx, vm, paused, force):
    resume(ctx, vm, None, paused, "resume")


@api("VM.resume_on", "r.VM r.host b b", True)
def vm_resume_on(ctx, vm, host, paused, force):
    ctx.db.row("host", host)
    resume(ctx, vm, host, paused, "resume_on")


@api("VM.pool_migrate", "r.VM r.host M", True)
def vm_pool_migrate(ctx, vm, host, options):
    """New domid, consoles and residence (xapi.md 3.5; not recorded)."""
    pool, db = ctx.pool, ctx.db
    db.row("host", host)
    with operation(ctx, vm, "pool_migrate"):
        db.set("VM", vm, scheduled_to_be_resident_on=host)
        ctx.step(pool.duration("pool_migrate"))
        with db.lock:
            drop_consoles(pool, vm)
            make_consoles(pool, vm, host)
            db.set(
                "VM", vm, resident_on=host, domid=pool.next_domid(),
                scheduled_to_be_resident_on=NULL,
            )


@api("VM.power_state_reset", "r.VM", True)
def vm_power_state_reset(ctx, vm):
    """Edits the database only; refuses while a domain lives (observed: suspend-pv/041)."""
    db = ctx.db
    with db.lock:
        row = db.row("VM", vm)
        if row["is_control_domain"]:
            raise Failure("CANNOT_RESET_CONTROL_DOMAIN", vm)
        if row["power_state"] in ("Running", "Paused"):
            if ctx.pool.is_dead_domain(vm):
                ctx.pool.forget_dead_domain(vm)
            elif row["resident_on"] not in (NULL, ctx.member.ref):
                raise Failure("HOST_IS_LIVE", row["resident_on"])
            else:
                raise Failure("DOMAIN_EXISTS", vm)
        domain_gone(ctx, vm, "Halted")
        db.set("VM", vm, current_operations={})
        after_shutdown(ctx, vm)
        ctx.pool.operations.refresh("VM", vm)


@api("VM.destroy", "r.VM", True)
def vm_destroy(ctx, vm):
    """Leaves the disks (observed: vm-lifecycle/197-202)."""
    with operation(ctx, vm, "destroy"):
        ctx.step(ctx.pool.duration("destroy"))
        drop_vm(ctx.pool, vm)
