#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry hives for tests, written cell by cell: an empty one with a root key and its security cell, which hivexsh or
our own tools then fill, and the transaction logs of a change.

    make_hive.py new HIVE                     an empty hive
    make_hive.py log BEFORE AFTER BASE        BASE, a dirty copy of BEFORE, and BASE.LOG1 whose entry makes it AFTER
    make_hive.py oldlog BEFORE AFTER BASE     the same with BASE.LOG in the format before Windows 8.1

Format: M. Suhanov, "Windows registry file format specification"."""
import struct
import sys

PAGE = 4096


def checksum(base):
    total = 0
    for (word,) in struct.iter_unpack("<I", bytes(base[:508])):
        total ^= word
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(total, total)


def seal(base, first, second):
    struct.pack_into("<II", base, 4, first, second)
    struct.pack_into("<I", base, 508, checksum(base))


def cell(data):
    size = (len(data) + 4 + 7) // 8 * 8
    return struct.pack("<i", -size) + data + bytes(size - 4 - len(data))


def new_hive():
    name = b"ROOT"
    security = bytes.fromhex("010004801400000020000000000000002c000000") \
        + bytes.fromhex("010100000000000512000000") * 2 + bytes.fromhex("0200080000000000")
    root_at = 32
    node = struct.pack("<2sHQIIIIIIIIIIIIIIIHH", b"nk", 0x2C, 132000000000000000, 0, 0xFFFFFFFF, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0,
                       0xFFFFFFFF, 0, 0xFFFFFFFF, 0, 0, 0, 0, 0, len(name), 0) + name
    root = bytearray(cell(node))
    sk_at = root_at + len(root)
    struct.pack_into("<I", root, 4 + 44, sk_at)
    sk = cell(struct.pack("<2sHIIII", b"sk", 0, sk_at, sk_at, 1, len(security)) + security)
    used = 32 + len(root) + len(sk)
    free = struct.pack("<i", PAGE - used) + bytes(PAGE - used - 4)
    bins = b"hbin" + struct.pack("<IIQQI", 0, PAGE, 0, 132000000000000000, 0) + bytes(root) + sk + free
    base = bytearray(PAGE)
    struct.pack_into("<4sIIQIIIIIII", base, 0, b"regf", 1, 1, 132000000000000000, 1, 5, 0, 1, root_at, PAGE, 1)
    seal(base, 1, 1)
    return bytes(base) + bins


def marvin32(data):
    mask, seed = 0xFFFFFFFF, 0x82EF4D887A4E55C5
    low, high = seed & mask, seed >> 32

    def turn(value, bits):
        return (value << bits | value >> (32 - bits)) & mask
    data += b"\x80" + bytes(-(len(data) + 1) % 4)
    for (word,) in [*struct.iter_unpack("<I", data), (0,)]:
        low = (low + word) & mask
        high ^= low
        low = (turn(low, 20) + high) & mask
        high = turn(high, 9) ^ low
        low = (turn(low, 27) + high) & mask
        high = turn(high, 19)
    return high << 32 | low


def changed(before, after, size):
    old, new = before[PAGE:], after[PAGE:]
    for at in range(0, len(new), size):
        if old[at:at + size] != new[at:at + size]:
            yield at, new[at:at + size]


def base_of(hive, first, second, kind=0):
    base = bytearray(hive[:PAGE])
    struct.pack_into("<I", base, 28, kind)
    seal(base, first, second)
    return base


def new_log(before, after):
    sequence = struct.unpack_from("<I", before, 8)[0]
    pages = list(changed(before, after, PAGE))
    body = b"".join(struct.pack("<II", at, len(page)) for at, page in pages) + b"".join(page for _, page in pages)
    size = (40 + len(body) + 511) // 512 * 512
    body += bytes(size - 40 - len(body))
    head = struct.pack("<4sIIIII", b"HvLE", size, 0, sequence, len(after) - PAGE, len(pages)) + struct.pack("<Q", marvin32(body))
    return bytes(base_of(before, sequence, sequence, 6)[:512]) + head + struct.pack("<Q", marvin32(head)) + body


def old_log(before, after):
    sequence = struct.unpack_from("<I", before, 8)[0]
    size = len(after) - PAGE
    base = base_of(before, sequence + 1, sequence + 1, 1)
    struct.pack_into("<I", base, 40, size)
    seal(base, sequence + 1, sequence + 1)
    bitmap, pages = bytearray(size // 512 // 8), b""
    for at, page in changed(before, after, 512):
        bitmap[at // 512 // 8] |= 1 << at // 512 % 8
        pages += page
    vector = b"DIRT" + bytes(bitmap)
    return bytes(base[:512]) + vector + bytes(-len(vector) % 512) + pages


def main():
    if sys.argv[1] == "new":
        with open(sys.argv[2], "wb") as out:
            out.write(new_hive())
        return
    before, after, target = (sys.argv[2], sys.argv[3], sys.argv[4])
    with open(before, "rb") as source:
        before = source.read()
    with open(after, "rb") as source:
        after = source.read()
    sequence = struct.unpack_from("<I", before, 8)[0]
    with open(target, "wb") as out:
        out.write(base_of(before, sequence + 1, sequence) + before[PAGE:])
    old = sys.argv[1] == "oldlog"
    with open(target + (".LOG" if old else ".LOG1"), "wb") as out:
        out.write(old_log(before, after) if old else new_log(before, after))


if __name__ == "__main__":
    main()
