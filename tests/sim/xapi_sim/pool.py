# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool: everything the modules share, and the faults that touch objects."""

import random
import threading
import time
import uuid

from .clock import Clock
from .db import Database
from .disk import SparseDisk
from .events import Events
from .faults import Faults
from .log import Log, Trace
from .operations import Operations
from .rpc import Dispatcher
from .schema import NULL
from .sessions import Sessions
from .tasks import Tasks
from .vm import DURATION
from . import wire
from .wire import Failure


class Pool:
    """State of the simulated pool."""

    def __init__(self, options):
        self.options = options
        self.clock = Clock(options.time_scale)
        self.db = Database()
        self.faults = Faults()
        self.log = Log(options.log)
        if options.trace:
            self.db.trace = Trace(options.trace)
        self.events = Events(self)
        self.tasks = Tasks(self)
        self.operations = Operations(self)
        self.sessions = Sessions(self, options.user, options.password)
        self.dispatcher = Dispatcher(self)
        self.tls = None
        self.members = []  # server.Member, the coordinator first
        self.disks = {}  # VDI -> SparseDisk
        self.agents = {}  # VM -> has a guest agent when running
        self.agent_ready = set()  # VMs whose agent has come up
        self.dead_domains = set()  # Running in the database only
        self.iso_files = ["debian-12.iso", "rescue.iso"]
        self.probe_answer = ""  # what SR.probe finds (control line "probe")
        self.nbd = None  # nbd.NbdService, when a network has that purpose
        self.booting = False
        self.max_wait = options.max_wait
        self.random = random.Random(options.random_seed)
        self.master_ref, self.master_address, self.pool_ref = NULL, "127.0.0.1", NULL
        self._domid = 0

    # -- small services ------------------------------------------------------
    @property
    def pool_row(self):
        """The pool record."""
        return self.db.row("pool", self.pool_ref)

    def duration(self, name):
        """Observed seconds of an operation, or what --duration says."""
        return self.options.durations.get(name, DURATION.get(name, 0.0))

    def next_domid(self):
        """Domain ids are new at every start."""
        with self.db.lock:
            self._domid += 1
            return self._domid

    def new_mac(self):
        """A locally administered MAC address."""
        return ":".join("%02x" % b for b in [0x2E] + [self.random.randrange(256) for _ in range(5)])

    def is_down(self, host):
        """Is a member's toolstack not running?"""
        return any(m.ref == host and m.down for m in self.members)

    def is_dead_domain(self, vm):
        """Running in the database, but its domain is gone (control line "dead")."""
        return vm in self.dead_domains

    def forget_dead_domain(self, vm):
        """power_state_reset has set it right."""
        self.dead_domains.discard(vm)

    # -- guest agents ----------------------------------------------------------
    def has_agent(self, row):
        """PV guests and HVM guests whose agent has come up can cooperate."""
        if row["domain_type"] in ("pv", "pvh", "pv_in_pvh"):
            return True
        return row.ref in self.agent_ready and row["power_state"] in ("Running", "Paused")

    def agent_appears(self, vm):
        """A few seconds after the start the agent reports addresses and features."""
        self.agent_ready.discard(vm)
        if not self.agents.get(vm):
            return

        def report():
            self.clock.sleep(self.duration("agent"))
            with self.db.lock:
                row = self.db.find("VM", vm)
                if row is not None and row["power_state"] == "Running":
                    self.agent_reports(row)

        threading.Thread(target=report, daemon=True).start()

    def agent_reports(self, row):
        """Fill the guest metrics of a running VM."""
        self.agent_ready.add(row.ref)
        octet = 2 + row["domid"] % 250
        self.db.set(
            "VM_guest_metrics", row["guest_metrics"],
            os_version={"name": "Debian GNU/Linux 12 (bookworm)", "distro": "debian",
                        "major": "12", "minor": "5", "uname": "6.1.0-18-amd64"},
            PV_drivers_version={"major": "8", "minor": "4", "micro": "0", "build": "1"},
            PV_drivers_up_to_date=True, PV_drivers_detected=True,
            networks={"0/ip": f"10.20.31.{octet}", "0/ipv4/0": f"10.20.31.{octet}",
                      "0/ipv6/0": f"fe80::{octet:x}"},
            other={"feature-shutdown": "1", "feature-suspend": "1", "feature-reboot": "1",
                   "has-vendor-device": "0"},
        )
        self.operations.refresh_vm(row.ref)

    # -- disks -------------------------------------------------------------------
    def make_vdi(self, sr, **fields):
        """A VDI with its (empty) contents."""
        with self.db.lock:
            identity = fields.pop("uuid", None) or str(uuid.uuid4())
            fields.setdefault("location", identity)
            fields.setdefault("on_boot", "persist")
            ref = self.db.create(
                "VDI", uuid=identity, SR=sr, managed=True, **fields
            )
            self.disks[ref] = SparseDisk(fields["virtual_size"])
            row = self.db.row("SR", sr)
            self.db.set("SR", sr, virtual_allocation=row["virtual_allocation"]
                        + fields["virtual_size"])
            self.operations.refresh("VDI", ref)
            return ref

    def drop_vdi(self, ref):
        """A VDI and its contents go."""
        with self.db.lock:
            row = self.db.find("VDI", ref)
            if row is None:
                return
            for vbd in list(row["VBDs"]):
                if self.db.row("VBD", vbd)["type"] == "CD":
                    self.db.set("VBD", vbd, VDI=NULL, empty=True)
                    self.operations.refresh("VBD", vbd)
                else:
                    self.db.destroy("VBD", vbd)
            sr = self.db.find("SR", row["SR"])
            if sr is not None:
                left = max(0, sr["virtual_allocation"] - row["virtual_size"])
                self.db.set("SR", sr.ref, virtual_allocation=left)
            self.disks.pop(ref, None)
            self.db.destroy("VDI", ref)

    def check_space(self, sr, size):
        """SR_BACKEND_FAILURE_44 when a thick SR cannot hold it."""
        row = self.db.row("SR", sr)
        full = row["other_config"].get("sim:full") == "true"
        if full and size > 0:
            raise Failure("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "")

    def dom0_vbd(self, vdi, mode):
        """The VBD of a transfer between dom0 and a disk (observed: section 4)."""
        with self.db.lock:
            dom0 = self.db.row("host", self.master_ref)["control_domain"]
            taken = {self.db.row("VBD", r)["userdevice"] for r in self.db.row("VM", dom0)["VBDs"]}
            device = next(str(n) for n in range(1000) if str(n) not in taken)
            ref = self.db.create(
                "VBD", VM=dom0, VDI=vdi, userdevice=device, mode=mode, type="Disk",
                currently_attached=True, device=f"sm/{device}", unpluggable=True,
            )
            self.operations.refresh("VBD", ref)
            self.operations.refresh("VDI", vdi)
            return ref

    def drop_dom0_vbd(self, vbd):
        """The transfer is over."""
        with self.db.lock:
            row = self.db.find("VBD", vbd)
            if row is not None:
                self.db.destroy("VBD", vbd)
                self.operations.refresh("VDI", row["VDI"])

    # -- faults that touch objects -------------------------------------------------
    def vm_named(self, text):
        """A VM by name or uuid, for fault specs."""
        for row in self.db.rows("VM"):
            if text in (row["name_label"], row["uuid"]):
                return row.ref
        return None

    def apply_fault(self, fault):
        """Effects that take place when a fault is switched on."""
        kind, args = fault.kind, fault.args
        if kind == "tls-change":
            self.tls.renew()
        elif kind == "raw-names":
            wire.RAW_NAMES = True
        elif kind in ("blocked", "busy"):
            vm = self.vm_named(args["vm"])
            if vm is None:
                return
            if kind == "blocked":
                old = self.db.row("VM", vm)["blocked_operations"]
                self.db.set("VM", vm, blocked_operations={**old, args["op"]: args["reason"]})
            else:
                task = self.tasks.create(f"Async.VM.{args['op']}")
                self.operations.hold("VM", vm, task, args["op"])
                threading.Thread(target=self._busy_until_cancelled, args=(vm, task),
                                 daemon=True).start()

    def _busy_until_cancelled(self, vm, task):
        while not self.clock.stopping.wait(0.02):
            if self.tasks.is_cancelled(task) or self.db.find("task", task) is None:
                break
        self.operations.release("VM", vm, task)
        self.tasks.finish(task, "cancelled", info=["TASK_CANCELLED", task])

    def count_call(self, session):
        """Faults that wait for the Nth call with a session."""
        if self.faults.due("expire-session"):
            self.sessions.end(session)
        fault = self.faults.due("rename")
        if fault is not None:
            vm = self.vm_named(fault.args["vm"])
            self.db.set("VM", vm, name_label=fault.args["name"])
        fault = self.faults.due("vanish")
        if fault is not None:
            from .vm import drop_vm

            drop_vm(self, self.vm_named(fault.args["vm"]))
        fault = self.faults.due("restart")
        if fault is not None:
            self.restart(self.master_ref, 0.0, float(fault.args["down"]),
                         float(fault.args["boot"]))

    # -- toolstack restart -----------------------------------------------------------
    def restart(self, host, delay, down=0.3, boot=0.3):
        """A toolstack restart: refused, then booting; the VMs go on (section D.10)."""

        def work():
            self.clock.sleep(delay)
            members = [m for m in self.members if m.ref == host]
            for member in members:
                member.go_down()
            coordinator = host == self.master_ref
            self.booting = coordinator
            if coordinator:
                self._forget_volatile()
            # seconds given in a fault are real seconds, not scaled
            self.clock.stopping.wait(down)
            while self.faults.is_on("no-comeback") and not self.clock.stopping.wait(0.05):
                pass
            for member in members:
                member.come_up()
            self.clock.stopping.wait(boot)
            row = self.db.find("host", host)
            if row is not None:
                started = int(float(row["other_config"].get("agent_start_time", "0"))) + 1
                other = dict(row["other_config"])
                other["agent_start_time"] = f"{max(started, int(time.time()))}."
                self.db.set("host", host, other_config=other, enabled=True)
            self.booting = False

        threading.Thread(target=work, daemon=True).start()

    def _forget_volatile(self):
        """Sessions and tasks are not persistent (xapi.md 1.4); neither are their locks."""
        self.sessions.end_all()
        with self.db.lock:
            for ref, cancel in list(self.tasks.cancels.items()):
                cancel.set()
                self.db.destroy("task", ref)
            self.tasks.cancels.clear()
            for cls in ("VM", "VBD", "VIF", "VDI"):
                for row in list(self.db.rows(cls)):
                    if row["current_operations"]:
                        self.db.set(cls, row.ref, current_operations={})
                        self.operations.refresh(cls, row.ref)

    def stop(self):
        """End every wait."""
        self.clock.stopping.set()
        with self.db.lock:
            self.db.changed.notify_all()
        self.log.close()
