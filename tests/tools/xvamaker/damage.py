# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage, described in JSON: a list of objects, applied in order.

    {"op": "drop",      "chunk": NAME}               the chunk and its checksum
    {"op": "drop",      "entry": NAME}               only that entry
    {"op": "swap",      "chunks": [A, B]}            exchanged in the archive, with their checksums
    {"op": "swap-data", "chunks": [A, B]}            contents exchanged, names and checksums stay
    {"op": "duplicate", "chunk": NAME}
    {"op": "flip",      "entry": NAME, "bit": N}     in the content; the checksum stays as it was
    {"op": "flip",      "header": NAME, "bit": N}    in the tar header
    {"op": "flip",      "at": OFFSET, "bit": N}      in the archive; bit 0 to 7
    {"op": "case",      "entry": NAME}               a checksum in the other case of letters
    {"op": "rename",    "entry": NAME, "to": NAME}
    {"op": "size",      "entry": NAME, "field": TEXT}     what the header says
    {"op": "type",      "entry": NAME, "flag": "2", "link": TARGET}
    {"op": "replace",   "entry": NAME, "text": TEXT}
    {"op": "insert",    "before": NAME, "entry": NAME, "text": TEXT}
    {"op": "cut",       "at": OFFSET}                from the end if negative
"""
import dataclasses


def find(entries, name):
    for index, entry in enumerate(entries):
        if entry.name == name:
            return index
    raise ValueError(f"damage: the archive has no entry {name}")


def with_checksum(entries, name):
    """The slice of a chunk and of the checksum that follows it."""
    begin = find(entries, name)
    follows = begin + 1 < len(entries) and entries[begin + 1].is_checksum()
    return begin, begin + (2 if follows else 1)


def freeze_checksum(entries, name):
    """Makes the checksum of a chunk plain bytes, before the chunk is changed."""
    begin, end = with_checksum(entries, name)
    for index in range(begin + 1, end):
        entries[index] = dataclasses.replace(entries[index], data=entries[index].content())


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def change(entries, entry_name, **fields):
    index = find(entries, entry_name)
    entries[index] = dataclasses.replace(entries[index], **fields)


def swap(entries, first, second):
    a, b = sorted((with_checksum(entries, first), with_checksum(entries, second)))
    entries[:] = entries[:a[0]] + entries[b[0]:b[1]] + entries[a[1]:b[0]] + entries[a[0]:a[1]] + entries[b[1]:]


def apply_to_entries(entries, step):
    """Returns False for damage that concerns the bytes of the whole archive."""
    op = step["op"]
    if op == "drop":
        begin, end = with_checksum(entries, step["chunk"]) if "chunk" in step else (find(entries, step["entry"]),) * 2
        del entries[begin:max(end, begin + 1)]
    elif op == "swap":
        swap(entries, *step["chunks"])
    elif op == "swap-data":
        first, second = step["chunks"]
        for name in (first, second):
            freeze_checksum(entries, name)
        one, other = (entries[find(entries, name)].content() for name in (first, second))
        change(entries, first, data=other, size=len(other))
        change(entries, second, data=one, size=len(one))
    elif op == "duplicate":
        begin, end = with_checksum(entries, step["chunk"])
        entries[end:end] = entries[begin:end]
    elif op == "flip" and "entry" in step:
        freeze_checksum(entries, step["entry"])
        change(entries, step["entry"], data=flipped(entries[find(entries, step["entry"])].content(), step["bit"]))
    elif op == "flip" and "header" in step:
        change(entries, step["header"], header_xor={step["bit"] // 8: 1 << step["bit"] % 8})
    elif op == "case":
        change(entries, step["entry"], data=entries[find(entries, step["entry"])].content().swapcase())
    elif op == "rename":
        change(entries, step["entry"], name=step["to"])
    elif op == "size":
        change(entries, step["entry"], size_field=step["field"].encode("latin-1"))
    elif op == "type":
        change(entries, step["entry"], typeflag=step["flag"].encode(), linkname=step.get("link", "").encode())
    elif op == "replace":
        data = step["text"].encode()
        freeze_checksum(entries, step["entry"])
        change(entries, step["entry"], data=data, size=len(data))
    elif op == "insert":
        at = find(entries, step["before"])
        entries.insert(at, dataclasses.replace(entries[at], name=step["entry"], data=step["text"].encode(),
                                               size=len(step["text"].encode()), typeflag=None))
    elif op in ("cut", "flip"):
        return False
    else:
        raise ValueError(f"damage: unknown {step}")
    return True


class DamagedStream:
    """Passes bytes on to another stream, flipping bits and cutting where it was told to."""

    def __init__(self, out, steps, total):
        self.out, self.position, self.limit = out, 0, None
        self.flips = sorted((s["at"] % total, s["bit"]) for s in steps if s["op"] == "flip")
        for step in steps:
            if step["op"] == "cut":
                at = step["at"] if step["at"] >= 0 else total + step["at"]
                self.limit = at if self.limit is None else min(self.limit, at)

    def write(self, data):
        inside = [(at - self.position, bit) for at, bit in self.flips
                  if self.position <= at < self.position + len(data)]
        self.position += len(data)
        for at, bit in inside:
            data = flipped(data, at * 8 + bit)
        if self.limit is not None:
            data = data[:max(0, self.limit - (self.position - len(data)))]
        self.out.write(data)


def apply(entries, steps):
    """Changes the entries; returns the steps that are left for DamagedStream."""
    return [step for step in steps if not apply_to_entries(entries, step)]
