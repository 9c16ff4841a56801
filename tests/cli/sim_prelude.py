# SPDX-License-Identifier: GPL-3.0-or-later
"""In front of what xapi_py of sim.sh runs."""

import atexit
import json
import os
import struct
import sys
import time

sys.path.insert(0, os.environ["SIM_TESTS"])
import simtest  # noqa: E402

NULL = "OpaqueRef:NULL"


class Pool(simtest.Simulator):
    """The simulator that runs already."""

    def __init__(self):  # pylint: disable=super-init-not-called
        with open("xapi.ready", encoding="utf-8") as text:
            self.ready = json.loads(text.readline())
        self.address, port = self.ready["url"][8:].rsplit(":", 1)
        self.port = int(port)
        with open(self.ready["password_file"], encoding="utf-8") as text:
            self.password = text.read().strip()


_POOL = Pool()
_SESSION = _POOL.login()
atexit.register(lambda: _POOL.call("session.logout", _SESSION))  # it is none that a tool has left


def call(method, *params):
    """One call with a session."""
    return _POOL.call(method, _SESSION, *params)


def one(cls, name):
    """The reference of the object of that name."""
    return call(f"{cls}.get_by_name_label", name)[0]


def vbd(vm, vdi, device="0", **fields):
    """A VBD between them."""
    record = {"VM": vm, "VDI": vdi, "userdevice": device, "bootable": False, "mode": "RW",
              "type": "Disk", "unpluggable": True, "empty": False, "other_config": {},
              "qos_algorithm_type": "", "qos_algorithm_params": {}}
    return call("VBD.create", {**record, **fields})


def vdi(sr, name, size="8388608", **fields):
    """A disk."""
    record = {"SR": one("SR", sr), "virtual_size": size, "type": "user", "sharable": False,
              "read_only": False, "other_config": {}, "name_label": name}
    return call("VDI.create", {**record, **fields})


def dom0(host="host1"):
    """Its control domain."""
    return one("VM", f"Control domain on host: {host}")


def disk_of(vm, device="0"):
    """The VDI at that place."""
    for ref in call("VM.get_VBDs", one("VM", vm)):
        if call("VBD.get_userdevice", ref) == device:
            return call("VBD.get_VDI", ref)
    return NULL


def fill(ref, extents):
    """Writes {offset: bytes} to a disk, as an upload of extents does."""
    body = b"".join(struct.pack("<QI", at, len(data)) + data for at, data in extents.items())
    head = f"PUT /import_raw_vdi?session_id={_SESSION}&vdi={ref}&format=raw&chunked=true HTTP/1.1\r\nHost: x\r\n\r\n"
    _POOL.exchange(head.encode() + body + bytes(12))  # which reads until the server has done it


def content(ref):
    """All bytes of a disk."""
    head = f"GET /export_raw_vdi?session_id={_SESSION}&vdi={ref}&format=raw HTTP/1.1\r\nHost: x\r\n\r\n"
    return simtest.split_answer(_POOL.exchange(head.encode()))[2]


def small_disk(vm, size, extents, sr="shared storage"):
    """Gives the VM a disk of that size and content instead of the one it has."""
    for ref in call("VM.get_VBDs", one("VM", vm)):
        if call("VBD.get_type", ref) == "Disk":
            old = call("VBD.get_VDI", ref)
            call("VBD.destroy", ref)
            call("VDI.destroy", old)
    disk = vdi(sr, f"{vm} root", str(size))
    vbd(one("VM", vm), disk, bootable=True)
    fill(disk, extents)
    return disk


def left_behind(sessions):
    """What our tools should not leave: tasks, disks attached to dom0, snapshots, marks, more sessions than that."""
    for _ in range(200):  # a cut connection is noticed a little later
        vms = call("VM.get_all_records").values()
        held = sum(len(v["VBDs"]) for v in vms if v["is_control_domain"])
        if not held:
            break
        time.sleep(0.02)
    tasks = [f"{t['name_label']} {t['status']}" for t in call("task.get_all_records").values()
             if t["status"] == "pending" or "/" not in t["name_label"]]  # the server's own, of fill() and content()
    snapshots = [v["name_label"] for v in vms if v["is_a_snapshot"]]
    blocked = [v["name_label"] for v in vms if v["blocked_operations"] or v["current_operations"]]
    more = max(0, int(os.environ["SIM_SESSIONS"]) - sessions)
    for what, found in (("tasks", tasks), ("held disks", held), ("snapshots", snapshots), ("blocked VMs", blocked),
                        ("sessions", more)):
        if found:
            print("LEFT:", what, found)
