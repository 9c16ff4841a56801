# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic VHD images, written as vhd-tool writes them and read as it reads them."""

import struct
import uuid

BLOCK_SIZE = 2 << 20
SECTORS = BLOCK_SIZE // 512
_EPOCH = 946684800  # VHD time starts in the year 2000


class BadVhd(Exception):
    """Not a dynamic VHD, or cut short."""


def _checksum(data):
    return ~sum(data) & 0xFFFFFFFF


def _geometry(size):
    """The CHS of the VHD specification (qemu reports it, observed: section 4)."""
    total = min(size // 512, 65535 * 16 * 255)
    if total >= 65535 * 16 * 63:
        sectors, heads = 255, 16
        cylinder_heads = total // sectors
    else:
        sectors = 17
        cylinder_heads = total // sectors
        heads = max(4, (cylinder_heads + 1023) // 1024)
        if cylinder_heads >= heads * 1024 or heads > 16:
            sectors, heads = 31, 16
            cylinder_heads = total // sectors
        if cylinder_heads >= heads * 1024:
            sectors, heads = 63, 16
            cylinder_heads = total // sectors
    return struct.pack(">HBB", cylinder_heads // heads, heads, sectors)


def footer(size, kind=3):
    """The 512 bytes at both ends; kind 3 dynamic, 4 differencing."""
    parts = [
        b"conectix", struct.pack(">II", 2, 0x00010000), struct.pack(">Q", 512),
        struct.pack(">I", 0), b"caml", struct.pack(">I", 1), struct.pack(">I", 0),
        struct.pack(">QQ", size, size), _geometry(size), struct.pack(">I", kind),
    ]
    head = b"".join(parts)
    tail = uuid.uuid4().bytes + b"\0" * 428
    total = _checksum(head + b"\0" * 4 + tail)
    return head + struct.pack(">I", total) + tail


def header(blocks, parent=b"\0" * 16):
    """The 1024-byte dynamic header; the BAT follows at 2048 (observed: section 4)."""
    head = b"cxsparse" + struct.pack(">QQIII", 0xFFFFFFFFFFFFFFFF, 2048, 0x00010000, blocks,
                                     BLOCK_SIZE)
    tail = parent + b"\0" * (1024 - len(head) - 4 - 16)
    return head + struct.pack(">I", _checksum(head + b"\0" * 4 + tail)) + tail


def stream(disk, size, base=None):
    """Pieces of a VHD of a disk; with base only the blocks that differ from it."""
    count = (size + BLOCK_SIZE - 1) // BLOCK_SIZE
    wanted = []
    for number in range(count):
        offset = number * BLOCK_SIZE
        if base is None:
            if not disk.is_zero(offset, BLOCK_SIZE):
                wanted.append(number)
        elif disk.read(offset, BLOCK_SIZE) != base.read(offset, BLOCK_SIZE):
            wanted.append(number)
    table_bytes = (count * 4 + 511) // 512 * 512
    sector = (2048 + table_bytes) // 512
    table = [0xFFFFFFFF] * (table_bytes // 4)
    for number in wanted:
        table[number] = sector
        sector += 1 + SECTORS
    end = footer(size, 3 if base is None else 4)
    yield end + header(count) + b"\0" * 512
    yield struct.pack(f">{len(table)}I", *table)
    for number in wanted:
        data = disk.read(number * BLOCK_SIZE, BLOCK_SIZE)
        yield b"\xff" * 512 + data
    yield end


def load(read, disk):
    """Write a streamed dynamic VHD onto a disk: allocated blocks whole, others untouched.

    read(n) returns n bytes, fewer at the end.  The trailing footer is
    required, fixed VHDs are refused (observed: section 4).
    """

    def need(length):
        data = read(length)
        if len(data) < length:
            raise BadVhd("End_of_file")
        return data

    first = need(512)
    if first[:8] != b"conectix" or struct.unpack(">I", first[60:64])[0] not in (3, 4):
        raise BadVhd("not a dynamic VHD")
    head_at = struct.unpack(">Q", first[16:24])[0]
    position = 512
    if not 512 <= head_at <= 1 << 20:
        raise BadVhd("header offset")
    need(head_at - position)
    head = need(1024)
    position = head_at + 1024
    if head[:8] != b"cxsparse":
        raise BadVhd("no dynamic header")
    table_at, _, count, block = struct.unpack(">QIII", head[16:36])
    if not position <= table_at <= 1 << 24 or not 0 < count <= 1 << 22 or block != BLOCK_SIZE:
        raise BadVhd("block table")
    need(table_at - position)
    raw = need((count * 4 + 511) // 512 * 512)
    position = table_at + len(raw)
    table = struct.unpack(f">{count}I", raw[: count * 4])
    order = sorted((s, n) for n, s in enumerate(table) if s != 0xFFFFFFFF)
    for sector, number in order:
        if sector * 512 < position:
            raise BadVhd("overlapping blocks")
        need(sector * 512 - position)
        need(512)
        disk.write(number * BLOCK_SIZE, need(BLOCK_SIZE))
        position = sector * 512 + 512 + BLOCK_SIZE
    # the footer may be preceded by padding
    rest = need(512)
    while rest[:8] != b"conectix":
        rest = need(512)
