# SPDX-License-Identifier: GPL-3.0-or-later
"""In front of what xapi_py of sim.sh runs."""

import json
import os
import sys

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
