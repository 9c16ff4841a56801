# SPDX-License-Identifier: GPL-3.0-or-later
"""event.from with tokens, and its old twins event.register and event.next."""

import hashlib
import re
import time

from .schema import EMPTY_CLASSES, SPELLING
from .wire import Failure, I4

#: Changes are gathered this long before an answer (observed: 50-100 ms).
BATCH_DELAY = 0.05
_TOKEN = re.compile(r"(\d{1,20}),(\d{1,20})")
_HIDDEN = {"session"}


class Events:
    """Answers event.from from the database's generations."""

    def __init__(self, pool):
        self.pool = pool
        self.registrations = {}  # session -> [classes, generation]

    def _wanted(self, classes):
        """A predicate (class, ref) for subscriptions such as vm, VM, * or task/OpaqueRef:x."""
        everything, whole, single = False, set(), set()
        for text in classes:
            name, _, ref = text.partition("/")
            if text == "*":
                everything = True
            elif ref:
                single.add((SPELLING.get(name.lower()), ref))
            else:
                whole.add(SPELLING.get(name.lower()))
        faults = self.pool.faults

        def wanted(cls, ref):
            if cls in _HIDDEN or not (everything or cls in whole or (cls, ref) in single):
                return False
            if faults.is_on("drop-events") and faults.take("drop-events", cls):
                return False
            return True

        return wanted, everything or bool(whole - {"message"} - {None}) or bool(single)

    def from_(self, session, classes, token, timeout):
        """Blocks until something happened or the timeout ends (observed: section 2)."""
        pool, db = self.pool, self.pool.db
        if pool.faults.take("events-lost"):
            raise Failure("EVENTS_LOST")
        match = _TOKEN.fullmatch(token) if token else None
        if token and not match:
            raise Failure("EVENT_FROM_TOKEN_PARSE_FAILURE", token)
        since, messages = (int(match[1]), int(match[2])) if match else (0, 0)
        wanted, beyond_messages = self._wanted(classes)
        watches_messages = any(c in ("*", "message", "Message") for c in classes)
        old = since if beyond_messages else messages
        deadline = time.monotonic() + max(0.0, min(timeout, 3600.0))
        with db.lock:
            while True:
                pool.sessions.check(session)
                adds, mods, dels = db.changes(old, wanted)
                left = deadline - time.monotonic()
                if adds or mods or dels or left <= 0 or pool.clock.stopping.is_set():
                    break
                db.changed.wait(min(left, 5.0))
            if (adds or mods or dels) and token and left > 0:
                db.lock.release()
                try:
                    pool.clock.sleep(BATCH_DELAY)
                finally:
                    db.lock.acquire()
                pool.sessions.check(session)
                adds, mods, dels = db.changes(old, wanted)
            events = self._events(adds, mods, dels)
            if events:
                since = db.generation if beyond_messages else since
                messages = db.generation if watches_messages else 0
            return {
                "events": events,
                "valid_ref_counts": self.counts(),
                "token": f"{since:020d},{messages if watches_messages else 0:020d}",
            }

    @staticmethod
    def _events(adds, mods, dels):
        """All adds, then all mods, then all dels, grouped by class (observed: section 2)."""
        events = []
        for kind, rows in (("add", adds), ("mod", mods)):
            for cls, members in rows.items():
                for row in members:
                    events.append(
                        {
                            "id": str(0 if cls == "message" else row.modified),
                            "timestamp": "0.0",
                            "class": cls.lower(),
                            "operation": kind,
                            "ref": row.ref,
                            "snapshot": row.snapshot(),
                        }
                    )
        for generation, cls, ref in dels:
            events.append(
                {
                    "id": str(generation),
                    "timestamp": "0.0",
                    "class": cls.lower(),
                    "operation": "del",
                    "ref": ref,
                }
            )
        return events

    def counts(self):
        """valid_ref_counts: live rows per class, lower-case keys, real <i4>."""
        counts = {cls.lower(): I4(0) for cls in EMPTY_CLASSES}
        counts.update((cls.lower(), I4(len(t))) for cls, t in self.pool.db.tables.items())
        counts["message"] = I4(0)  # observed: vm-lifecycle/005
        counts["role"] = I4(0)
        return counts

    def inject(self, cls, ref):
        """event.inject: bump the row, answer the token before it."""
        db = self.pool.db
        spelling = SPELLING.get(cls.lower(), cls)
        with db.lock:
            db.row(spelling, ref)
            db.touch(spelling, ref)
            return f"{db.generation - 1:020d},{0:020d}"

    # -- the deprecated interface ------------------------------------------
    def register(self, session, classes):
        """event.register."""
        known = self.registrations.setdefault(session, [set(), self.pool.db.generation])
        known[0].update(classes)

    def unregister(self, session, classes):
        """event.unregister."""
        if session in self.registrations:
            self.registrations[session][0].difference_update(classes)

    def next(self, session):
        """event.next blocks until an event of a registered class."""
        if not self.registrations.get(session, [None])[0]:
            track = hashlib.md5(session.encode()).hexdigest()
            raise Failure("SESSION_NOT_REGISTERED", f"trackid={track}")
        known = self.registrations[session]
        wanted, _ = self._wanted(known[0])
        db = self.pool.db
        with db.lock:
            while True:
                self.pool.sessions.check(session)
                adds, mods, dels = db.changes(known[1], wanted)
                if adds or mods or dels or self.pool.clock.stopping.is_set():
                    break
                db.changed.wait(5.0)
            known[1] = db.generation
            return self._events(adds, mods, dels)
