# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: creation, progress, results, cancellation, garbage collection."""

import threading

from .clock import iso
from .schema import NULL
from .wire import Failure, to_xml

#: Finished tasks beyond this many are collected, oldest first (xapi.md 1.5).
MOST_TASKS = 200


class Cancelled(Exception):
    """Raised at a cancel point of a task somebody cancelled."""


class Tasks:
    """Bookkeeping of all tasks beyond their database rows."""

    def __init__(self, pool):
        self.pool = pool
        self.cancels = {}  # ref -> threading.Event
        self.doomed = set()  # destroyed while pending: a mark only

    def create(self, label, description="", parent=NULL, cancellable=True):
        """A pending task (observed: vm-lifecycle/013)."""
        db = self.pool.db
        with db.lock:
            self._collect()
            ref = db.create(
                "task", name_label=label, name_description=description, created=iso(),
                status="pending", resident_on=self.pool.master_ref, type="<none/>",
                allowed_operations=["cancel"] if cancellable else [], backtrace="()",
                subtask_of=parent,
            )
            self.cancels[ref] = threading.Event()
            return ref

    def _collect(self):
        table = self.pool.db.tables["task"]
        if len(table) <= MOST_TASKS:
            return
        done = [r for r, row in table.items() if row["status"] not in ("pending", "cancelling")]
        for ref in done[: len(table) - MOST_TASKS]:
            self.remove(ref)

    def remove(self, ref):
        """Delete the row and everything known about it."""
        self.pool.db.destroy("task", ref)
        self.cancels.pop(ref, None)
        self.doomed.discard(ref)

    def destroy(self, ref):
        """task.destroy: on a pending task only a mark (observed: errors-sessions/097-099)."""
        row = self.pool.db.row("task", ref)
        if row["status"] in ("pending", "cancelling"):
            self.doomed.add(ref)
        else:
            self.remove(ref)

    def cancel(self, ref, who):
        """task.cancel: leaves a mark, the status stays pending until the work notices."""
        db = self.pool.db
        with db.lock:
            row = db.row("task", ref)
            db.set("task", ref, current_operations={**row["current_operations"], who: "cancel"})
            if ref in self.cancels:
                self.cancels[ref].set()
            db.changed.notify_all()

    def is_cancelled(self, ref):
        """True when somebody asked to cancel the task."""
        return ref in self.cancels and self.cancels[ref].is_set()

    def check(self, ref):
        """A cancel point."""
        if self.is_cancelled(ref):
            raise Cancelled()

    def finish(self, ref, status, value=None, info=(), text=None):
        """The end of a task: status is written last (observed: vm-lifecycle/129)."""
        db = self.pool.db
        with db.lock:
            row = db.find("task", ref)
            if row is None or row["status"] not in ("pending", "cancelling"):
                return
            if status == "success":
                result = text if text is not None else to_xml("" if value is None else value)
                db.set("task", ref, result=result, progress=1.0, allowed_operations=[])
            else:
                trace = "(((process xapi-sim)(filename simulated.ml)(line 1)))"
                db.set(
                    "task", ref, error_info=list(info), progress=1.0, allowed_operations=[],
                    backtrace=trace,
                )
            db.set("task", ref, finished=iso(), status=status)
            if ref in self.doomed:
                self.remove(ref)

    def fail(self, ref, failure):
        """The task ends with this Failure or Cancelled."""
        if isinstance(failure, Failure):
            self.finish(ref, "failure", info=failure.info)
        else:
            self.finish(ref, "cancelled", info=["TASK_CANCELLED", ref])

    def progress(self, ref, value):
        """Progress of a pending task."""
        row = self.pool.db.find("task", ref)
        if row is not None and row["status"] == "pending" and row["progress"] != value:
            self.pool.db.set("task", ref, progress=float(value))
