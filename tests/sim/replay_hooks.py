# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario needs besides its recorded exchanges.

Some scenarios used objects made outside the recording (a disk, an upload in
the background); hooks make their like in the simulator at the right moment.
A hook named like an exchange runs before it (True: it replaced the exchange),
"after:NAME" behind it.
"""

import re
import threading
import time

from recordings import IDENTITY, answer_shape, plain
from replay import make_vdi
from simtest import half_close_tls, read_all

MIB = 1 << 20


def give_cd(replay, exchange):
    """cd and errors-sessions: the VM got its CD drive outside the recording."""
    vm = replay.map[plain_result(exchange)]
    record = {"VM": vm, "VDI": "OpaqueRef:NULL", "userdevice": "3", "bootable": False,
              "mode": "RO", "type": "CD", "empty": True, "unpluggable": True,
              "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}}
    replay.sim.call("VBD.create", replay.admin, record)


class Background:
    """extra: an upload that is under way while other calls are made, then cut."""

    def __init__(self):
        self.sock = None

    def start(self, replay, exchange):
        """After task.create of "first": begin the upload of the VM's disk."""
        task = [t for t, r in replay.sim.call("task.get_all_records", replay.admin).items()
                if r["name_label"] == "first"][0]
        vdi = replay.map[replay.disk]
        self.sock = replay.sim.connect()
        head = (f"PUT /import_raw_vdi?session_id={replay.admin}&task_id={task}&vdi={vdi}"
                f"&format=raw HTTP/1.1\r\nHost: x\r\nContent-Length: {8 * MIB}\r\n\r\n")
        self.sock.sendall(head.encode() + b"\1" * 65536)

    def cut(self, replay, exchange):
        """Before 037: the client goes away."""
        if self.sock is not None:
            half_close_tls(self.sock)
            read_all(self.sock)
            self.sock.close()
            self.sock = None


def find_console(protocol):
    """errors-sessions: consoles the recorder had looked up outside the recording."""
    def hook(replay, exchange):
        recorded = IDENTITY.search(exchange.head.replace("session_id=", "\0"))[0]
        for ref, row in replay.sim.call("console.get_all_records", replay.admin).items():
            vm = replay.sim.call("VM.get_record", replay.admin, row["VM"])
            if row["protocol"] == protocol and not vm["is_control_domain"]:
                twin = ref if recorded.startswith("OpaqueRef") else row["uuid"]
                replay.map[recorded] = twin
    return hook


def remember_disk(replay, exchange):
    """extra/005 makes the disk the uploads go to."""
    replay.disk = next(k for k, v in reversed(replay.map.items()) if k.startswith("OpaqueRef"))


def attach_disk(replay, exchange):
    """vm-export: the VM had a sparse disk of 600 MiB, made outside the recording."""
    vm = replay.map[plain_result(exchange)]
    vdi = make_vdi(replay, 600 * MIB, "export disk")
    record = {"VM": vm, "VDI": vdi, "userdevice": "0", "bootable": True, "mode": "RW",
              "type": "Disk", "empty": False, "unpluggable": True, "other_config": {},
              "qos_algorithm_type": "", "qos_algorithm_params": {}}
    replay.sim.call("VBD.create", replay.admin, record)
    replay.learn(replay.known[plain_result(exchange)][1]["uuid"],
                 replay.sim.call("VM.get_uuid", replay.admin, vm))


def make_task(replay, exchange):
    """The recorded pool had some tasks."""
    replay.sim.call("task.create", replay.admin, "made by the test", "")


def make_exported_vm(replay, exchange):
    """real-exports: the VM with two disks that was exported, and its snapshot."""
    sim, admin = replay.sim, replay.admin
    vm = replay.sim.call("VM.clone", admin, next(
        ref for ref, row in sim.call("VM.get_all_records", admin).items()
        if row["is_a_template"]), "exported vm")
    sim.call("VM.set_is_a_template", admin, vm, False)
    disks = [ref for ref, row in sim.call("VDI.get_all_records", admin).items()
             if row["SR"] and not row["VBDs"]][:2]
    for number, vdi in enumerate(disks):
        record = {"VM": vm, "VDI": vdi, "userdevice": str(number), "bootable": not number,
                  "mode": "RW", "type": "Disk", "empty": False, "unpluggable": True,
                  "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}}
        sim.call("VBD.create", admin, record)
    snapshot = sim.call("VM.snapshot", admin, vm, "exported snapshot")
    for other in replay.exchanges:
        found = re.search(r"[?&]ref=(OpaqueRef:[-0-9a-f]+)", other.head)
        if found:
            replay.map[found[1]] = snapshot if "snapshot-itself" in other.name else vm


def logout_meanwhile(replay, exchange):
    """http-limits/024 waits in event.from while 025 logs its session out."""
    replay.cap = 10.0
    other = next(e for e in replay.exchanges if e.name.startswith("025-"))

    def later():
        time.sleep(0.3)
        replay._one(other)

    replay.meanwhile = threading.Thread(target=later)
    replay.meanwhile.start()


def logged_out(replay, exchange):
    """http-limits/025 has been compared by then."""
    replay.meanwhile.join()
    return True


def plain_result(exchange):
    """The value of a recorded answer."""
    return plain(answer_shape(exchange.response.partition(b"\r\n\r\n")[2])[1])


def hooks_for(scenario, recordings):
    """The hooks of a scenario."""
    ova = {name: recordings.extras["real-exports"][name] for name in ("ova.xml", "tar-list.txt")}
    if scenario in ("empty", "pool"):
        return {"13-task-get_all_records": make_task}
    if scenario == "errors-sessions":
        return {"after:044-VM.create": give_cd,
                "118-console-ref-vt100": find_console("vt100"),
                "119-console-uuid-vt100": find_console("vt100"),
                "120-console-ref-rfb": find_console("rfb"),
                "121-console-uuid-rfb": find_console("rfb")}
    if scenario == "http-limits":
        return {"024-event.from-while-logout": logout_meanwhile,
                "025-session.logout-while-event.from": logged_out}
    if scenario == "real-exports":
        return {**ova, "after:015-VDI.create": make_exported_vm}
    if scenario == "cd":
        return {"after:060-VM.create-pv": give_cd}
    if scenario == "vm-export":
        return {"after:002-VM.create": attach_disk}
    if scenario == "extra":
        upload = Background()
        return {**ova, "after:005-VDI.create": remember_disk, "after:026-task.create": upload.start,
                "037-task-first": upload.cut}
    return ova
