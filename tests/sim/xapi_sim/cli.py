# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line, start-up line, control lines on stdin, end."""

import argparse
import ipaddress
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile

from . import admin, devices, generic, migration, power, snapshots, storage, vdis  # noqa: F401 (calls)
from . import schema, seed, world
from .faults import BadSpec
from .pool import Pool
from .server import open_members
from .tls import Tls


def parse(arguments):
    """The options; errors end the program with status 2."""
    parser = argparse.ArgumentParser(prog="xapi-sim", description="A simulated XAPI pool.")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="ADDR:PORT")
    parser.add_argument("--hosts", type=int, default=2, metavar="N")
    parser.add_argument("--vms", type=int, default=10, metavar="N")
    parser.add_argument("--running", type=int, default=0, metavar="N",
                        help="so many of the VMs run at the start")
    parser.add_argument("--seed", metavar="FILE.xml", help="a xapi database file to start from")
    parser.add_argument("--delay", type=float, default=0, metavar="MS",
                        help="added to every call")
    parser.add_argument("--fault", action="append", default=[], metavar="SPEC")
    parser.add_argument("--log", metavar="FILE", help="JSON lines, one per call")
    parser.add_argument("--trace", metavar="FILE", help="JSON lines, one per database write")
    parser.add_argument("--time-scale", type=float, default=1.0, metavar="F",
                        help="1 = delays as observed, 0.1 = ten times faster")
    parser.add_argument("--duration", action="append", default=[], metavar="OP=SECONDS")
    parser.add_argument("--max-wait", type=float, default=7200.0, metavar="SECONDS",
                        help="how long a call waits for another operation on the VM")
    parser.add_argument("--sm-driver", action="append", default=[], dest="sm_drivers",
                        metavar="TYPE", help="instead of the usual SM drivers")
    parser.add_argument("--user", default="root")
    parser.add_argument("--password", default="", help="made up when not given")
    parser.add_argument("--console", metavar="SOCKET", help="a VNC server behind every console")
    parser.add_argument("--ssh-api", action="store_true",
                        help="hosts that let their SSH server be switched (xapi 25.13 and later)")
    parser.add_argument("--random-seed", type=int, default=1)
    options = parser.parse_args(arguments)
    address, _, port = options.listen.rpartition(":")
    try:
        options.address, options.port = str(ipaddress.IPv4Address(address)), int(port)
        if not ipaddress.IPv4Address(address).is_loopback:
            parser.error("only loopback addresses")
        options.durations = {k: float(v) for k, v in (d.split("=") for d in options.duration)}
    except ValueError:
        parser.error("--listen takes 127.x.y.z:PORT, --duration OP=SECONDS")
    if options.hosts < 1 or options.hosts > 64 or options.vms < 0 or options.time_scale < 0:
        parser.error("number out of range")
    options.password = options.password or secrets.token_urlsafe(12)
    return options


class Control:
    """Lines on stdin: fault SPEC, clear, dead NAME, iso NAME, probe XML, set JSON, state,
    stop."""

    def __init__(self, pool):
        self.pool = pool

    def set_field(self, cls, name, path, value):
        """What no call can do: write a field of an object (name or uuid); "metrics.live" is the
        field of the object that another field refers to."""
        db = self.pool.db
        found = [row for row in db.rows(cls) if name in (row["uuid"], row.get("name_label"))]
        if len(found) != 1:
            raise BadSpec(f"{len(found)} objects are called {name!r}")
        row = found[0]
        *references, field = path.split(".")
        for reference in references:
            target = schema.CLASSES[cls][reference].target
            cls, row = target, db.row(target, row[reference])
        if field not in row:
            raise BadSpec(f"{cls} has no field {field!r}")
        db.set(cls, row.ref, **{field: value})

    def run(self, line):
        """Carry out one line; the answer is a JSON object."""
        word, _, rest = line.strip().partition(" ")
        pool = self.pool
        try:
            if word == "fault":
                pool.apply_fault(pool.faults.add(rest))
            elif word == "clear":
                pool.faults.clear()
            elif word == "dead":
                # Running in the database, but its domain is gone
                pool.dead_domains.add(pool.vm_named(rest))
            elif word == "iso":
                pool.iso_files.append(rest)
            elif word == "probe":
                pool.probe_answer = rest
            elif word == "set":
                self.set_field(*json.loads(rest))
            elif word == "state":
                return {"ok": True, "sessions": len(pool.sessions.live),
                        "tasks": len(pool.db.tables["task"]),
                        "dom0_vbds": sum(
                            len(row["VBDs"]) for row in pool.db.rows("VM")
                            if row["is_control_domain"]),
                        "vms": len(pool.db.tables["VM"]), "pin": pool.tls.pin}
            else:
                return {"ok": False, "error": f"unknown line {word!r}"}
        except (BadSpec, KeyError, TypeError, ValueError) as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True, "pin": pool.tls.pin}


def main(arguments=None):
    """Run until the end of stdin or SIGTERM."""
    options = parse(arguments)
    directory = tempfile.mkdtemp(prefix="xapi-sim-")
    pool = None
    try:
        pool = Pool(options)
        for spec in options.fault:
            pool.faults.add(spec)
        if options.ssh_api:
            admin.add_ssh_api()
        generic_calls()
        if options.seed:
            options.hosts = seed.count_hosts(options.seed)
        pool.members = open_members(pool, options.address, options.port, options.hosts)
        addresses = [m.address for m in pool.members]
        pool.tls = Tls(directory, addresses, pool.faults.is_on("tls-expired"),
                       pool.faults.is_on("tls-p384"))
        if options.seed:
            seed.load(pool, options.seed, addresses)
        else:
            world.build(pool, addresses)
            if options.ssh_api:
                for row in list(pool.db.rows("host")):
                    pool.db.set("host", row.ref, ssh_enabled=True)
        for fault in list(pool.faults.active):
            if fault.kind != "tls-change":
                pool.apply_fault(fault)
        for member, host in zip(pool.members, seed.host_order(pool)):
            member.ref = host
            member.start()
        password_file = os.path.join(directory, "password")
        with open(os.open(password_file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(options.password + "\n")
        first = pool.members[0]
        ready = {
            "url": f"https://{first.address}:{first.port}", "user": options.user,
            "password_file": password_file, "pin": pool.tls.pin,
            "hosts": [
                {"address": m.address, "port": m.port, "uuid": pool.db.row("host", m.ref)["uuid"],
                 "name": pool.db.row("host", m.ref)["name_label"]} for m in pool.members
            ],
        }
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)
        print(json.dumps(ready), flush=True)
        control = Control(pool)
        for line in sys.stdin:
            if line.strip() == "stop":
                break
            if line.strip():
                print(json.dumps(control.run(line)), flush=True)
    except (BadSpec, OSError, RuntimeError, seed.BadSeed) as error:
        print(f"xapi-sim: {error}", file=sys.stderr)
        return 1
    except (_Stop, BrokenPipeError):
        pass
    finally:
        if pool is not None:
            pool.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return 0


def generic_calls():
    """Field getters and setters, without replacing the calls written by hand."""
    from .rpc import CALLS

    special = dict(CALLS)
    generic.install()
    CALLS.update(special)


class _Stop(Exception):
    """SIGTERM arrived."""


def _stop(*_):
    raise _Stop()
