# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that a test switches on with --fault SPEC or a "fault SPEC" line on stdin.

../README.md documents each SPEC.  A fault that is used up is forgotten.
"""

import fnmatch
import threading

from .wire import Failure

#: kind -> names of its arguments, with defaults (None = required)
KINDS = {
    # transport: which call, how often
    "reset": {"where": "*", "count": "1"},
    "reset-after": {"where": "*", "count": "1"},
    "stall": {"where": "*", "count": "1"},
    "moved": {"where": "*", "count": "1"},
    "html": {"where": "*", "count": "1"},
    "truncated-xml": {"where": "*", "count": "1"},
    "garbage": {"where": "*", "count": "1"},
    "slow": {"where": "*", "count": "*", "ms": "1000"},
    "limit-reset": {"where": "*", "count": "*"},
    # transfers
    "redirect": {"count": "1", "host": "", "port": ""},
    "cut": {"where": "*", "count": "1", "bytes": "65536"},
    "html-in-body": {"where": "*", "count": "1", "bytes": "65536"},
    "hang": {"where": "*", "count": "1", "bytes": "65536"},
    "flip": {"where": "*", "count": "1", "bytes": "65536"},
    "trickle": {"where": "*", "count": "1", "ms": "20"},
    "length": {"where": "*", "count": "1", "bytes": "65536"},
    "late-failure": {"where": "*", "count": "1", "code": "SR_BACKEND_FAILURE_44"},
    "no-verdict": {"where": "*", "count": "1"},
    "reset-at-end": {"where": "*", "count": "1"},
    "no-extents": {"count": "*"},
    # sessions and roles
    "expire-session": {"calls": "1", "count": "1"},
    "slave": {"address": "", "count": "*"},
    "booting": {"count": "1"},
    "restart": {"calls": "1", "down": "0.3", "boot": "0.3"},
    "no-comeback": {},
    # tasks and events
    "task-pending": {"where": None, "count": "1"},
    "task-cancelled": {"where": None, "count": "1"},
    "task-vanish": {"where": None, "count": "1"},
    "events-lost": {"count": "1"},
    "drop-events": {"where": "*", "count": "*"},
    # objects
    "blocked": {"vm": None, "op": None, "reason": "blocked by the test"},
    "busy": {"vm": None, "op": None},
    "rename": {"calls": None, "vm": None, "name": None},
    "vanish": {"calls": None, "vm": None},
    # TLS and names (take effect at start, tls-change at once)
    "tls-expired": {},
    "tls-p384": {},
    "tls-change": {},
    "hostile-names": {},
    "raw-names": {},
}


class BadSpec(ValueError):
    """The SPEC is not one of the documented ones."""


class Fault:
    """One switched-on fault."""

    def __init__(self, spec):
        self.spec = spec
        head, *rest = spec.split(":")
        self.args = {}
        if head in KINDS:
            self.kind = head
            names = KINDS[head]
            if len(rest) > len(names):
                rest = rest[: len(names) - 1] + [":".join(rest[len(names) - 1 :])]
            for index, (name, default) in enumerate(names.items()):
                value = rest[index] if index < len(rest) and rest[index] != "" else default
                if value is None:
                    raise BadSpec(f"fault {spec!r}: {name} is missing")
                self.args[name] = value
        elif "." in head and len(rest) >= 2:
            self.kind = "error"
            code, *params = ":".join(rest[1:]).split(",")
            self.args = {"where": head, "count": rest[0], "code": code, "params": params}
        else:
            raise BadSpec(f"unknown fault {spec!r}")
        count = self.args.get("count", "*")
        try:
            self.left = -1 if count == "*" else int(count)
            self.calls = int(self.args.get("calls", 0))
            for name in ("ms", "bytes"):
                int(self.args.get(name, 0))
            for name in ("down", "boot"):
                float(self.args.get(name, 0))
        except ValueError:
            raise BadSpec(f"fault {spec!r}: not a number") from None

    def matches(self, where):
        """True when the fault concerns this method or path."""
        return fnmatch.fnmatchcase(where, self.args.get("where", "*"))


class Faults:
    """All faults that are on."""

    def __init__(self):
        self.lock = threading.Lock()
        self.active = []

    def add(self, spec):
        """Switch a fault on; BadSpec says what is wrong with it."""
        fault = Fault(spec)
        with self.lock:
            self.active.append(fault)
        return fault

    def clear(self):
        """Switch everything off."""
        with self.lock:
            self.active.clear()

    def take(self, kind, where="*"):
        """Use a fault of this kind once, or None."""
        with self.lock:
            for fault in self.active:
                if fault.kind == kind and fault.left != 0 and fault.matches(where):
                    if fault.left > 0:
                        fault.left -= 1
                        if fault.left == 0:
                            self.active.remove(fault)
                    return fault
        return None

    def is_on(self, kind):
        """True when a fault of this kind is on (it is not used up)."""
        with self.lock:
            return any(f.kind == kind for f in self.active)

    def due(self, kind):
        """Count one call; the fault when its call number is reached, else None."""
        with self.lock:
            for fault in self.active:
                if fault.kind != kind:
                    continue
                fault.calls -= 1
                if fault.calls <= 0:
                    if fault.left > 0:
                        fault.left -= 1
                    if fault.left == 0 or "count" not in fault.args:
                        self.active.remove(fault)
                    else:
                        fault.calls = int(fault.args["calls"])
                    return fault
        return None

    def raise_error(self, method, params):
        """Raise the XenAPI error a METHOD:COUNT:CODE fault asks for, $1.. = parameters."""
        fault = self.take("error", method)
        if fault is None:
            return
        texts = []
        for text in fault.args["params"]:
            for index, value in enumerate(params, 1):
                text = text.replace(f"${index}", str(value))
            texts.append(text)
        raise Failure(fault.args["code"], *texts)
