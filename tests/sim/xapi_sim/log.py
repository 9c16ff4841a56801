# SPDX-License-Identifier: GPL-3.0-or-later
"""The call log: one JSON line per call, for tests to assert on."""

import json
import sys
import threading
import time
import traceback

#: Names that only read, in every class.
_READING = ("get_", "assert_", "is_", "has_")
_READ_CALLS = {
    "event.from", "event.next", "event.register", "event.unregister", "SR.probe",
    "SR.probe_ext", "host.compute_free_memory", "pool.has_extension",
}
_SECRET_PARAMS = {"session.login_with_password": 1, "session.slave_local_login_with_password": 1}


def is_mutating(method):
    """Whether a call changes the pool (sessions and cancelling an own task do not count)."""
    name = method.removeprefix("Async.")
    cls, _, word = name.partition(".")
    if cls in ("session", "system") or name in _READ_CALLS:
        return False
    return not word.startswith(_READING)


#: What a trace line tells of a record.
_TRACED = ("name_label", "power_state", "current_operations", "status", "currently_attached",
           "userdevice", "device", "protocol", "VM")


class Trace:
    """--trace: every single write to the database, in order, before events gather them."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8", errors="backslashreplace")

    def __call__(self, cls, row, operation):
        line = {"class": cls.lower(), "ref": row.ref, "operation": operation}
        if operation != "del":
            line["snapshot"] = {name: row[name] for name in _TRACED if name in row}
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()


class Log:
    """Writes JSON lines; does nothing without a file."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8", errors="backslashreplace") if path else None
        self.lock = threading.Lock()
        self.started = time.monotonic()

    def write(self, **entry):
        """One line; t is seconds since the start."""
        if self.file is None:
            return
        entry = {"t": round(time.monotonic() - self.started, 4), **entry}
        line = json.dumps(entry, default=str) + "\n"
        with self.lock:
            if not self.file.closed:
                self.file.write(line)
                self.file.flush()

    def rpc(self, method, params, info, **entry):
        """One RPC call; passwords and session references are left out."""
        shown = list(params)
        if method in _SECRET_PARAMS and len(shown) > 1:
            shown[1] = "***"
        elif shown and isinstance(shown[0], str) and method not in _SECRET_PARAMS:
            shown = shown[1:]
        text = json.dumps(shown, default=str)
        self.write(
            method=method, params=shown if len(text) < 4000 else text[:4000],
            mutating=is_mutating(method), status="Failure" if info else "Success",
            error=info or None, **entry,
        )

    @staticmethod
    def problem(error):
        """A bug of the simulator itself: visible on stderr, the pool goes on."""
        traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)

    def close(self):
        """No more lines."""
        with self.lock:
            if self.file is not None:
                self.file.close()
