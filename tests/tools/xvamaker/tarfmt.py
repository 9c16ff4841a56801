# SPDX-License-Identifier: GPL-3.0-or-later
"""Tar entries in the header dialects of the programs that write XVA archives."""
import dataclasses
import typing

BLOCK = 512


@dataclasses.dataclass
class Entry:
    """One member. The *_field values, if given, go into the header whatever the truth is."""

    name: typing.Union[str, bytes]
    data: typing.Union[bytes, typing.Callable[[], bytes]] = b""
    size: int = -1
    typeflag: typing.Optional[bytes] = None
    linkname: bytes = b""
    mode: int = -1
    mtime: int = -1
    size_field: typing.Optional[bytes] = None
    checksum_field: typing.Optional[bytes] = None
    header_xor: dict = dataclasses.field(default_factory=dict)  # byte in the header -> mask

    def __post_init__(self):
        if self.size < 0:
            self.size = len(self.data)

    def content(self):
        return self.data() if callable(self.data) else self.data

    def is_checksum(self):
        return str(self.name).endswith((".xxhash", ".checksum"))

    def stored_size(self):
        return BLOCK + -(-self.size // BLOCK) * BLOCK


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How one program fills a tar header, and what else is peculiar to its archives."""

    mode: int
    magic: bytes = b""
    small: str = "%07o\0"    # mode, uid, gid
    large: str = "%011o\0"   # size, mtime
    checksum: str = "%07o\0"
    file_flag: bytes = b"\0"
    devices: bytes = b""
    mtime_first: bool = False  # ova.xml carries the time
    mtime_all: bool = False
    hash: str = "xxhash"
    pads_tail: bool = False    # the last chunk is filled up to 1 MiB, and virtual_size with it
    object_order: tuple = ("class", "id", "snapshot")
    ref_format: str = "Ref:%d"


DIALECTS = {
    "xapi": Dialect(0o400, mtime_first=True),
    "old-xapi": Dialect(0, hash="sha1"),
    "xva-img": Dialect(0, hash="sha1"),
    "vhd-tool": Dialect(0o644, mtime_all=True, pads_tail=True),
    "xo": Dialect(0o644, b"ustar\x0000", "%06o \0", "%011o ", "%06o \0", b"0", b"000000 \0" * 2,
                  mtime_all=True, pads_tail=True, object_order=("id", "snapshot", "class"), ref_format="Ref:%03d"),
    "gnu": Dialect(0o600, b"ustar  \0", "%07o\0", "%011o\0", "%06o\0 ", b"0", mtime_all=True),
}


def header(entry, dialect, time):
    mtime = entry.mtime
    if mtime < 0:
        mtime = time if dialect.mtime_all or (dialect.mtime_first and entry.name == "ova.xml") else 0
    name = entry.name if isinstance(entry.name, bytes) else entry.name.encode()
    block = bytearray(BLOCK)

    def put(at, value):
        block[at:at + len(value)] = value

    put(0, name[:100])
    put(100, (dialect.small % (entry.mode if entry.mode >= 0 else dialect.mode)).encode())
    put(108, (dialect.small % 0).encode())
    put(116, (dialect.small % 0).encode())
    put(124, (dialect.large % entry.size).encode() if entry.size_field is None else entry.size_field)
    put(136, (dialect.large % mtime).encode())
    put(148, b" " * 8)
    put(156, dialect.file_flag if entry.typeflag is None else entry.typeflag)
    put(157, entry.linkname[:100])
    put(257, dialect.magic)
    put(329, dialect.devices)
    put(148, (dialect.checksum % sum(block)).encode() if entry.checksum_field is None else entry.checksum_field)
    for at, mask in entry.header_xor.items():
        block[at] ^= mask
    return bytes(block)


def write_entry(out, entry, dialect, time):
    data = entry.content()
    out.write(header(entry, dialect, time))
    out.write(data)
    out.write(bytes(-len(data) % BLOCK))


def unpack(data):
    """A plain reader for tests: [(name, size, bytes of the header, content)], to the end blocks or the end of data."""
    position, result = 0, []
    while position + BLOCK <= len(data) and data[position] != 0:
        head = data[position:position + BLOCK]
        name, size = head[:100].rstrip(b"\0").decode(), int(head[124:136].strip(b"\0 ") or b"0", 8)
        result.append((name, size, head, data[position + BLOCK:position + BLOCK + size]))
        position += BLOCK + -(-size // BLOCK) * BLOCK
    return result
