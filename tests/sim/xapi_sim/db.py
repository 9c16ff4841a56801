# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: rows, generations, mirrored reference sets and change signals.

Every write bumps one pool-wide generation; event.from and its tokens are
nothing but views on these generations.
"""

import bisect
import threading
import uuid as uuid_module

from .schema import CLASSES, MIRRORS, NULL
from .wire import Date, Encoded, Failure

_JOURNAL = 200_000


def new_ref():
    """A fresh OpaqueRef."""
    return f"OpaqueRef:{uuid_module.uuid4()}"


class Row(dict):
    """One record plus its generations."""

    __slots__ = ("ref", "created", "modified", "_encoded")

    def __init__(self, ref, fields):
        super().__init__(fields)
        self.ref, self.created, self.modified, self._encoded = ref, 0, 0, None

    def snapshot(self):
        """The encoded record as of now (cached until the next write)."""
        if self._encoded is None:
            self._encoded = Encoded(dict(self))
        return self._encoded

    def forget_encoding(self):
        """To be called after each write."""
        self._encoded = None


class Database:
    """All tables of the pool, guarded by one lock."""

    def __init__(self):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.tables = {cls: {} for cls in CLASSES}
        self.by_uuid = {cls: {} for cls in CLASSES}
        self.generation = 0
        self.journal = []  # (generation, class, ref), ascending
        self.deleted = []  # (generation, class, ref), ascending
        self.trace = None  # called with (class, row, operation) for every write

    # -- reading ---------------------------------------------------------
    def row(self, cls, ref):
        """The row, or HANDLE_INVALID [class, ref] (observed: errors-sessions/021-024)."""
        table = self.tables.get(cls, {})
        if not isinstance(ref, str) or ref not in table:
            raise Failure("HANDLE_INVALID", cls, ref)
        return table[ref]

    def find(self, cls, ref):
        """The row or None."""
        return self.tables[cls].get(ref)

    def rows(self, cls):
        """All rows of a class."""
        return self.tables[cls].values()

    def lookup(self, cls, text):
        """A row by reference or uuid, or None (the HTTP handlers take both)."""
        return self.tables[cls].get(text) or self.tables[cls].get(
            self.by_uuid[cls].get(text, "")
        )

    # -- writing ---------------------------------------------------------
    def create(self, cls, ref=None, **fields):
        """Add a row; missing fields get their defaults. Returns the reference."""
        with self.lock:
            ref = ref or new_ref()
            known = CLASSES[cls]
            record = {}
            for name, field in known.items():
                value = fields[name] if name in fields else field.default()
                record[name] = Date(value) if field.kind == "d" else value
            if not record["uuid"]:
                record["uuid"] = str(uuid_module.uuid4())
            row = Row(ref, record)
            self.tables[cls][ref] = row
            self.by_uuid[cls][record["uuid"]] = ref
            self._bump(cls, row)
            row.created = row.modified
            for name, field in known.items():
                if (cls, name) in MIRRORS and record[name] != NULL:
                    self._mirror(field.target, record[name], MIRRORS[cls, name], ref, True)
            return ref

    def set(self, cls, ref, **fields):
        """Write fields of a row (silently ignored when the row is gone)."""
        with self.lock:
            row = self.tables[cls].get(ref)
            if row is None:
                return
            for name, value in fields.items():
                field = CLASSES[cls][name]
                old = row[name]
                if name == "uuid":
                    self.by_uuid[cls].pop(old, None)
                    self.by_uuid[cls][value] = ref
                row[name] = Date(value) if field.kind == "d" else value
                if (cls, name) in MIRRORS and old != value:
                    mirror = MIRRORS[cls, name]
                    self._mirror(field.target, old, mirror, ref, False)
                    self._mirror(field.target, value, mirror, ref, True)
            self._bump(cls, row)

    def touch(self, cls, ref):
        """A write without a visible change (frequent in vm-lifecycle)."""
        self.set(cls, ref)

    def destroy(self, cls, ref):
        """Remove a row; its del event has no snapshot."""
        with self.lock:
            row = self.tables[cls].pop(ref, None)
            if row is None:
                return
            self.by_uuid[cls].pop(row["uuid"], None)
            for name, field in CLASSES[cls].items():
                if (cls, name) in MIRRORS and row[name] != NULL:
                    self._mirror(field.target, row[name], MIRRORS[cls, name], ref, False)
            self.generation += 1
            self.deleted.append((self.generation, cls, ref))
            if self.trace:
                self.trace(cls, row, "del")
            del self.deleted[:-20_000]
            self.changed.notify_all()

    def _mirror(self, cls, ref, name, member, add):
        row = self.tables.get(cls, {}).get(ref)
        if row is None or name not in row:
            return
        values = [m for m in row[name] if m != member]
        if add:
            values.insert(0, member)
        row[name] = values
        self._bump(cls, row)

    def _bump(self, cls, row):
        self.generation += 1
        row.modified = self.generation
        row.forget_encoding()
        if self.trace:
            self.trace(cls, row, "mod" if row.created else "add")
        self.journal.append((self.generation, cls, row.ref))
        if len(self.journal) > _JOURNAL:
            del self.journal[: _JOURNAL // 2]
        self.changed.notify_all()

    # -- changes since a generation ---------------------------------------
    def changes(self, since, wanted):
        """(adds, mods, dels) after a generation, for rows wanted(cls, ref) accepts."""
        with self.lock:
            adds, mods, dels = {}, {}, []
            if self.journal and since >= self.journal[0][0] - 1:
                start = bisect.bisect_right(self.journal, (since, "\x7f"))
                seen = dict.fromkeys((cls, ref) for _, cls, ref in self.journal[start:])
            else:
                seen = ((cls, ref) for cls, table in self.tables.items() for ref in table)
            for cls, ref in seen:
                row = self.tables[cls].get(ref)
                if row is None or row.modified <= since or not wanted(cls, ref):
                    continue
                (adds if row.created > since else mods).setdefault(cls, []).append(row)
            start = bisect.bisect_right(self.deleted, (since, "\x7f"))
            dels = [d for d in self.deleted[start:] if wanted(d[1], d[2])]
            return adds, mods, dels
