# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the bytes of a disk come from: a file (read sparsely) or a rule."""
import errno
import hashlib
import os
import random
import weakref

CHUNK = 1 << 20
UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "s": 512}


def parse_size(text):
    digits = text.rstrip("BKMGTs")
    return int(digits, 0) * UNITS[text[len(digits):]]


class Source:
    """A disk's content: its size, its chunks, and which of them may be other than zero."""

    size = 0

    def chunks(self):
        return -(-self.size // CHUNK)

    def length(self, index):
        return min(CHUNK, self.size - index * CHUNK)

    def candidates(self):
        """Indices of chunks that are not known to be zero, ascending."""
        return iter(range(self.chunks()))

    def read(self, index):
        raise NotImplementedError


class ZeroSource(Source):
    def __init__(self, size):
        self.size = size

    def candidates(self):
        return iter(())

    def read(self, index):
        return bytes(self.length(index))


class FileSource(Source):
    def __init__(self, path):
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self.descriptor)
        self.size = os.fstat(self.descriptor).st_size

    def candidates(self):
        position, done = 0, -1
        while position < self.size:
            try:
                begin = os.lseek(self.descriptor, position, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    return
                raise
            position = os.lseek(self.descriptor, begin, os.SEEK_HOLE)
            first = max(begin // CHUNK, done + 1)
            done = (position - 1) // CHUNK
            yield from range(first, done + 1)

    def read(self, index):
        data = os.pread(self.descriptor, self.length(index), index * CHUNK)
        assert len(data) == self.length(index), "file changed while it was read"
        return data


class RuleSource(Source):
    """Deterministic content: kind random, text or mixed; of every EVERY chunks one has data."""

    def __init__(self, size, kind, seed="0", every=1):
        self.size, self.kind, self.seed, self.every = size, kind, seed, every

    def candidates(self):
        return iter(range(0, self.chunks(), self.every))

    def read(self, index):
        length = self.length(index)
        if index % self.every:
            return bytes(length)
        seed = f"{self.seed}/{index}"
        if self.kind == "random":
            return random.Random(seed).randbytes(length)
        words = [hashlib.sha256(f"{seed}/{n}".encode()).hexdigest()[:5 + n % 7] for n in range(400)]
        choice = random.Random(seed)
        text = " ".join(choice.choices(words, k=1 << 14)).encode()
        text = (text * (length // len(text) + 1))[:length]
        if self.kind == "text":
            return text
        half = length // 2
        return random.Random(seed + "r").randbytes(half // 2) + text[:length - half // 2]


def open_source(fields):
    """From the fields of --disk: file=, zero=, random=, text= or mixed=."""
    if "file" in fields:
        return FileSource(fields["file"])
    if "zero" in fields:
        return ZeroSource(parse_size(fields["zero"]))
    for kind in ("random", "text", "mixed"):
        if kind in fields:
            return RuleSource(parse_size(fields[kind]), kind, fields.get("seed", "0"), int(fields.get("every", 1)))
    raise ValueError("a disk needs one of file=, zero=, random=, text=, mixed=")
