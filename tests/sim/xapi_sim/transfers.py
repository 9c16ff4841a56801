# SPDX-License-Identifier: GPL-3.0-or-later
"""What all transfer handlers share: the task, early answers, late failures.

Every transfer answers 200 before it works; the verdict is in the task.
Failure shapes: observed in vdi-transfer, vdi-vhd-and-export and vm-export.
"""

from .connection import Closed
from .tarstream import Reader
from .tasks import Cancelled
from .wire import Failure

_PLAIN = "Connection: close\r\nCache-Control: no-cache, no-store\r\n"
DEVICE_ERRORS = "Device I/O errors"


class IoError(Exception):
    """vhd-tool died: VDI_IO_ERROR."""


def shown(failure):
    """CODE: [ a; b ] as the HTML pages show an error (observed: vm-export/017)."""
    code, *params = failure.info
    return f"{code}: [ {'; '.join(params)} ]"


class Transfer:
    """One transfer request and its task."""

    def __init__(self, conn, request, session, outcome):
        self.conn, self.request, self.session, self.outcome = conn, request, session, outcome
        self.pool, self.db = conn.pool, conn.pool.db
        self.task = None
        self.body_sent = 0
        self.trickle = None

    def run(self, worker):
        """Run a handler; whatever goes wrong ends up in the task and in the answer."""
        self._adopt_task()
        try:
            worker()
        except (Failure, Cancelled) as problem:
            self.pool.tasks.fail(self.task, problem)
            raise Closed() from None

    # -- common parts ------------------------------------------------------------
    def _adopt_task(self):
        """The client's task, or one of our own; an unknown one is a 500 (vdi-vhd/057)."""
        given = self.request.query.get("task_id")
        if given is None:
            self.task = self.pool.tasks.create(f"{self.request.verb} {self.request.path}")
        elif self.db.find("task", given) is None:
            self.outcome["http"] = "500"
            self.conn.page_500(f'Db_exn.DBCache_NotFound("missing row", "task", "{given}")')
        else:
            self.task = given
        self.outcome["task"] = self.task

    def early(self, status, version="HTTP/1.1", extra=""):
        """The answer that precedes the work."""
        self.outcome["http"] = status[:3]
        self.conn.send(f"{version} {status}\r\n{_PLAIN}{extra}\r\n".encode("latin-1"))

    def refuse(self, status, version, *info):
        """A refusal with bare headers; the reason is only in the task."""
        self.pool.tasks.fail(self.task, Failure(*info))
        self.early(status, version)
        raise Closed()

    def late_page(self, text, before=b""):
        """A full error response behind the 200 headers (observed: vdi-transfer/034)."""
        self.outcome["late"] = text
        try:
            self.conn.send(before)
            self.conn.page_500(text)
        except Closed:
            pass
        raise Closed()

    def fail_late(self, failure, text=None, put=True):
        """Task failure plus the pages an upload gets."""
        self.pool.tasks.fail(self.task, failure)
        before = f"HTTP/1.1 400 Bad Request\r\n{_PLAIN}\r\n".encode() if put else b""
        self.late_page(text or shown(failure), before)

    def source(self):
        """read(n) over the body: Content-Length bytes, or until the peer closes."""
        length = self.request.headers.get("content-length")
        left = [int(length) if length and length.isdigit() else None]
        cut = self.pool.faults.take("cut", self.request.path)
        if cut is not None:
            left[0] = min(left[0] or 1 << 62, int(cut.args["bytes"]))

        hang = self.pool.faults.take("hang", self.request.path)
        after = [int(hang.args["bytes"]) if hang is not None else 1 << 62]

        def pieces():
            after[0] -= 65536
            if after[0] < 0:
                self._wait_for_the_end()
            if left[0] == 0:
                if cut is not None:
                    self.conn.reset()
                return b""
            data = self.conn.receive(min(65536, left[0] or 65536))
            if left[0] is not None:
                left[0] -= len(data)
            return data

        return Reader(pieces)

    def write(self, data):
        """Body bytes of a download, with the faults that break it."""
        self._slow_down()
        for kind in ("cut", "html-in-body", "hang", "flip"):
            for fault in list(self.pool.faults.active):
                if fault.kind == kind and fault.matches(self.request.path):
                    limit = int(fault.args["bytes"])
                    if self.body_sent + len(data) >= limit:
                        self.pool.faults.take(kind, self.request.path)
                        at = limit - self.body_sent
                        if kind == "flip":
                            data = data[: at - 1] + bytes([data[at - 1] ^ 1]) + data[at:]
                            continue
                        self.conn.send(data[:at])
                        if kind == "hang":
                            self._wait_for_the_end()
                        if kind == "cut":
                            self.pool.tasks.fail(self.task, Failure("VDI_IO_ERROR", DEVICE_ERRORS))
                            self.conn.reset()
                        raise IoError()
        self.conn.send(data)
        self.body_sent += len(data)

    def _slow_down(self):
        """The trickle fault, for the whole transfer."""
        if self.trickle is None:
            fault = self.pool.faults.take("trickle", self.request.path)
            self.trickle = int(fault.args["ms"]) / 1000 if fault is not None else 0.0
        if self.trickle:
            self.pool.clock.stopping.wait(self.trickle)

    def _wait_for_the_end(self):
        """Neither a byte nor an end, until the client goes or the task is cancelled."""
        while not self.pool.clock.stopping.is_set() and not self.pool.tasks.is_cancelled(self.task):
            if self.db.find("task", self.task) is None or self.conn.is_closed(0.05):
                raise Closed()
        self.pool.tasks.check(self.task)
        raise Closed()

    def finish(self, result=None, text=None):
        """The verdict, unless a fault withholds it or turns it."""
        if self.pool.faults.take("no-verdict", self.request.path) is None:
            self.pool.tasks.finish(self.task, "success", result, text=text)
        if self.pool.faults.take("reset-at-end", self.request.path) is not None:
            self.conn.reset()

    def late_failure(self):
        """A failure when all work is done."""
        late = self.pool.faults.take("late-failure", self.request.path)
        if late is not None:
            raise Failure(late.args["code"], "", "simulated", "")

    def find_vdi(self, text):
        """By reference or uuid, or the page of vdi-vhd/039; the task stays pending."""
        row = self.db.lookup("VDI", text)
        if row is None:
            self.outcome["http"] = "500"
            self.conn.page_500(f'Db_exn.Read_missing_uuid("VDI", "", "{text}")')
        return row

    def announce(self, version, kind, extra="", space=""):
        """200 with the task id; raw handlers put no space behind the colon."""
        header = f"task-id:{space}{self.task}\r\n"
        self.early("200 OK", version, f"{header}{extra}content-type:{kind}\r\n")
