# SPDX-License-Identifier: GPL-3.0-or-later
"""allowed_operations, current_operations and the queue in front of a VM.

The lists per state are the observed ones (xapi-observed.md section 2); what
conflicts with what is from xapi.md 3.1.
"""

import time

from .schema import NULL
from .tasks import Cancelled
from .wire import Failure

HALTED = (
    "changing_NVRAM changing_dynamic_range changing_shadow_memory changing_static_range "
    "make_into_template migrate_send destroy export start_on start clone copy snapshot"
).split()
TEMPLATE = (
    "changing_NVRAM changing_dynamic_range changing_shadow_memory changing_static_range "
    "provision export clone copy"
).split()
RUNNING = "changing_dynamic_range hard_reboot hard_shutdown pause snapshot".split()
RUNNING_WITH_AGENT = (
    "changing_dynamic_range migrate_send pool_migrate changing_VCPUs_live suspend hard_reboot "
    "hard_shutdown clean_reboot clean_shutdown pause checkpoint snapshot"
).split()
PAUSED = "unpause hard_reboot hard_shutdown snapshot".split()
SUSPENDED = (
    "migrate_send destroy export resume_on resume hard_shutdown checkpoint snapshot"
).split()
SNAPSHOT = "destroy export revert clone copy".split()
DOM0 = "changing_dynamic_range changing_static_range".split()

#: Operation -> power states in which it is accepted, as in VM_BAD_POWER_STATE.
STATES = {
    "start": "halted", "start_on": "halted", "unpause": "paused", "resume": "suspended",
    "resume_on": "suspended", "pause": "running", "suspend": "running",
    "clean_shutdown": "running", "clean_reboot": "running", "pool_migrate": "running",
    "call_plugin": "running", "hard_reboot": "paused, running",
    "hard_shutdown": "paused, suspended, running", "shutdown": "paused, suspended, running",
    "checkpoint": "paused, suspended, running", "destroy": "halted, suspended",
    "export": "halted, suspended", "clone": "halted", "copy": "halted",
    "provision": "halted", "make_into_template": "halted",
    "changing_static_range": "halted", "changing_VCPUs": "halted",
    "migrate_send": "halted, suspended, running",
}
#: Operations that need the guest to take part.
COOPERATIVE = {"suspend", "clean_shutdown", "clean_reboot", "checkpoint", "pool_migrate"}
#: Groups that may overlap with their own kind.
_OVERLAP = [{"clone", "copy", "export"}, {"snapshot", "checkpoint"}]
#: What hard_shutdown cancels and waits for (xapi.md 3.1).
CANCELLED_BY_SHUTDOWN = {
    "clean_shutdown", "clean_reboot", "hard_reboot", "pool_migrate", "call_plugin", "shutdown",
    "suspend",
}


def conflicts(operation, current):
    """The first running operation that the new one has to wait for, or None."""
    for task, other in current.items():
        if other == "metadata_export":
            continue
        if operation == "hard_shutdown" and other not in CANCELLED_BY_SHUTDOWN | {"hard_shutdown"}:
            continue
        if other == "migrate_send" and operation in ("clean_shutdown", "clean_reboot"):
            continue
        if any(operation in group and other in group for group in _OVERLAP):
            continue
        return task
    return None


class Operations:
    """Keeps allowed and current operations of VMs, VBDs, VIFs, VDIs and SRs."""

    def __init__(self, pool):
        self.pool, self.db = pool, pool.db
        self.queues = {}  # VM -> operations waiting, first come first served

    # -- allowed operations --------------------------------------------------
    def vm_allowed(self, row):
        """allowed_operations of a VM record."""
        current = set(row["current_operations"].values()) - {"metadata_export"}
        if row["is_control_domain"]:
            return list(DOM0)
        if row["is_a_snapshot"]:
            every = SNAPSHOT
        elif row["power_state"] == "Halted":
            every = TEMPLATE if row["is_a_template"] else HALTED
            if row["is_a_template"] and not self.is_default(row):
                every = every + ["destroy"]
        elif row["power_state"] == "Running":
            every = RUNNING_WITH_AGENT if self.pool.has_agent(row) else RUNNING
        else:
            every = PAUSED if row["power_state"] == "Paused" else SUSPENDED
        if not current:
            return list(every)
        allowed = []
        for name in every:
            if name == "hard_shutdown":
                if "hard_shutdown" not in current:
                    allowed.append(name)
            elif name == "hard_reboot":
                if not current & {"hard_shutdown", "hard_reboot"}:
                    allowed.append(name)
            elif any(name in group and current <= group for group in _OVERLAP):
                allowed.append(name)
        return allowed

    @staticmethod
    def is_default(row):
        """True for the templates that came with the product."""
        return row["is_default_template"] or row["other_config"].get("default_template") == "true"

    def vbd_allowed(self, row):
        """allowed_operations of a VBD record (observed: section 2)."""
        vm = self.db.find("VM", row["VM"])
        if vm is None or vm["is_a_template"]:
            return []
        if row["current_operations"]:
            return ["unpause"] if vm["power_state"] == "Running" else []
        change = ["insert" if row["empty"] else "eject"] if row["type"] == "CD" else []
        if vm["is_control_domain"]:
            return ["attach", "unpause", "unplug", "unplug_force", "pause"]
        if vm["power_state"] == "Running":
            allowed = ["attach", "unpause", "pause"] + change
            if self.pool.has_agent(vm) and row["currently_attached"] and row["type"] == "Disk":
                allowed += ["unplug", "unplug_force"]
            return allowed
        return ["attach"] + (change if vm["power_state"] == "Halted" else [])

    def vdi_allowed(self, row):
        """allowed_operations of a VDI record (observed: section 2)."""
        sr = self.db.find("SR", row["SR"])
        if sr is None or sr["type"] in ("iso", "udev"):
            return ["forget", "copy"] if sr is not None else []
        current = set(row["current_operations"].values())
        if current == {"copy"}:
            return "update forget destroy resize copy clone".split()
        if current:
            return []
        states = set()
        for ref in row["VBDs"]:
            vbd = self.db.find("VBD", ref)
            if vbd is None or not (vbd["currently_attached"] or vbd["current_operations"]):
                continue
            vm = self.db.find("VM", vbd["VM"])
            if vm is not None and vm["power_state"] == "Running" or vbd["current_operations"]:
                states.add("busy" if vbd["current_operations"] else "attached")
        if "busy" in states:
            return []
        if states:
            return ["snapshot", "clone"]
        return "update forget destroy snapshot resize copy clone".split()

    def refresh(self, cls, ref):
        """Recompute allowed_operations (one write) of one object."""
        row = self.db.find(cls, ref)
        if row is None:
            return
        if cls == "VIF":
            vm = self.db.find("VM", row["VM"])
            allowed = [] if vm is None or row["current_operations"] else ["attach"]
            if vm is not None and self.pool.has_agent(vm) and row["currently_attached"]:
                allowed = allowed and ["attach", "unplug"]
        else:
            allowed = {"VM": self.vm_allowed, "VBD": self.vbd_allowed, "VDI": self.vdi_allowed}[
                cls
            ](row)
        self.db.set(cls, ref, allowed_operations=allowed)

    def refresh_vm(self, vm):
        """Recompute a VM and everything attached to it."""
        with self.db.lock:
            row = self.db.find("VM", vm)
            if row is None:
                return
            self.refresh("VM", vm)
            for vif in row["VIFs"]:
                self.refresh("VIF", vif)
            for vbd in row["VBDs"]:
                self.refresh("VBD", vbd)
                self.refresh("VDI", self.db.row("VBD", vbd)["VDI"])

    # -- current operations ----------------------------------------------------
    def hold(self, cls, ref, task, operation):
        """Enter an operation into current_operations."""
        with self.db.lock:
            row = self.db.find(cls, ref)
            if row is None:
                return
            row_ops = {**row["current_operations"], task: operation}
            self.db.set(cls, ref, current_operations=row_ops)
            if cls in ("VM", "VBD", "VDI", "VIF"):
                self.refresh(cls, ref)
            if cls == "SR":
                self.db.set(cls, ref, allowed_operations=[])

    def release(self, cls, ref, task):
        """Take an operation out of current_operations."""
        with self.db.lock:
            row = self.db.find(cls, ref)
            if row is None or task not in row["current_operations"]:
                return
            left = {k: v for k, v in row["current_operations"].items() if k != task}
            self.db.set(cls, ref, current_operations=left)
            if cls in ("VM", "VBD", "VDI", "VIF"):
                self.refresh(cls, ref)
            if cls == "SR" and not left:
                self.db.set(cls, ref, allowed_operations=self.sr_allowed(row))

    def sr_allowed(self, row):
        """allowed_operations of an SR record (observed: sr-vdi/040, pool/05)."""
        if row["type"] in ("udev", "iso"):
            allowed = "unplug plug pbd_create pbd_destroy forget vdi_clone scan".split()
        else:
            allowed = (
                "vdi_introduce unplug plug pbd_create update pbd_destroy vdi_resize vdi_clone "
                "scan vdi_snapshot vdi_create vdi_destroy"
            ).split()
        return allowed

    # -- starting an operation ---------------------------------------------------
    def assert_state(self, vm, operation):
        """The refusals that do not go away by waiting (observed: section 2, 7)."""
        row = self.db.row("VM", vm)
        if operation in row["blocked_operations"]:
            raise Failure("OPERATION_BLOCKED", vm, row["blocked_operations"][operation])
        state = row["power_state"].lower()
        if row["is_control_domain"] and operation in STATES:
            raise Failure("OPERATION_NOT_ALLOWED", "Operations on domain 0 are not allowed")
        expected = STATES.get(operation)
        if row["is_a_snapshot"]:
            if operation not in SNAPSHOT:
                raise Failure("VM_IS_SNAPSHOT", vm, operation)
            return
        if row["is_a_template"] and operation in ("start", "start_on", "migrate_send"):
            raise Failure("VM_IS_TEMPLATE", vm, operation)
        if expected and state not in expected.split(", "):
            raise Failure("VM_BAD_POWER_STATE", vm, expected, state)
        agent_needed = operation in COOPERATIVE and state == "running"
        if agent_needed and not self.pool.has_agent(row):
            raise Failure("VM_LACKS_FEATURE", vm)

    def begin(self, ctx, vm, operation, name=None):
        """Wait for conflicting operations, then take the VM (blocks as xapi does)."""
        queue = self.queues.setdefault(vm, [])
        ticket = ctx.operation
        deadline = time.monotonic() + self.pool.max_wait
        with self.db.lock:
            queue.append((ticket, operation))
            try:
                while True:
                    row = self.db.row("VM", vm)
                    current = row["current_operations"]
                    blocker = conflicts(operation, current)
                    before = queue[: queue.index((ticket, operation))]
                    first = operation == "hard_shutdown" or not any(
                        conflicts(operation, {t: o}) for t, o in before
                    )
                    if blocker is None and first:
                        break
                    if blocker and operation == "hard_shutdown":
                        self._cancel_for_shutdown(current)
                    if time.monotonic() >= deadline:
                        blocker = blocker or queue[0][0]
                        held = current.get(blocker, "queued")
                        raise Failure("OTHER_OPERATION_IN_PROGRESS", "VM", vm, held, blocker)
                    if ctx.task and self.pool.tasks.is_cancelled(ctx.task):
                        raise Cancelled()
                    self.db.changed.wait(0.1)
                self.assert_state(vm, operation)
                self.hold("VM", vm, ticket, name or operation)
            finally:
                queue.remove((ticket, operation))
                self.db.changed.notify_all()

    def _cancel_for_shutdown(self, current):
        for task, other in current.items():
            if other in CANCELLED_BY_SHUTDOWN - {"hard_reboot"} and task in self.pool.tasks.cancels:
                self.pool.tasks.cancels[task].set()

    def end(self, ctx, vm):
        """Give the VM back."""
        self.release("VM", vm, ctx.operation)

    def attached(self, ref):
        """Is the VDI attached to any VM right now?"""
        row = self.db.row("VDI", ref)
        vbds = [self.db.find("VBD", r) for r in row["VBDs"]]
        return any(v is not None and v["currently_attached"] for v in vbds)


def unset(row, name):
    """True when a reference field points nowhere."""
    return row[name] in (NULL, "")
