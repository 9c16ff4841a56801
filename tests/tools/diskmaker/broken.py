# SPDX-License-Identifier: GPL-3.0-or-later
"""Partition tables that lie, loop or overflow. All written byte by byte: no tool would make them."""
import struct
import zlib

from .image import SECTOR, Image
from .recipes import GPT, MIB, recipe


def entry(kind, start, sectors, active=0):
    return struct.pack("<B3sB3sII", active, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start & 0xFFFFFFFF, sectors & 0xFFFFFFFF)


def table(entries, signature=0xBAD0BAD0):
    return bytes(440) + struct.pack("<IH", signature, 0) + b"".join(entries).ljust(64, b"\0") + b"\x55\xaa"


def mbr_image(path, *entries, size=16 * MIB):
    image = Image(path, size)
    image.patch(0, table(entries))
    return image


@recipe
def ebr_loop(path):
    """The second EBR points back to the first."""
    image = mbr_image(path, entry(5, 2048, 20480))
    image.patch(2048 * SECTOR, table([entry(0x83, 64, 128), entry(5, 4096, 1024)]))
    image.patch((2048 + 4096) * SECTOR, table([entry(0x83, 64, 128), entry(5, 0, 1024)]))


@recipe
def ebr_self(path):
    """An EBR that points to itself."""
    image = mbr_image(path, entry(5, 2048, 20480))
    image.patch(2048 * SECTOR, table([entry(0x83, 64, 128), entry(5, 0, 20480)]))


@recipe
def ebr_long(path):
    """A chain of 3000 logical partitions of one sector."""
    image = mbr_image(path, entry(5, 64, 30000))
    for index in range(3000):
        following = entry(5, (index + 1) * 8, 8) if index < 2999 else b""
        image.patch((64 + index * 8) * SECTOR, table([entry(0x83, 1, 1), following]))


@recipe
def ebr_outside(path):
    """The chain leaves the extended partition, and then the disk."""
    image = mbr_image(path, entry(5, 2048, 4096))
    image.patch(2048 * SECTOR, table([entry(0x83, 64, 128), entry(5, 20480, 1024)]))
    image.patch((2048 + 20480) * SECTOR, table([entry(0x83, 64, 128), entry(5, 0xFFFFFF00, 1024)]))


@recipe
def ebr_no_signature(path):
    """The sector of the EBR is not one."""
    mbr_image(path, entry(0x83, 64, 128), entry(5, 2048, 4096)).patch(2048 * SECTOR, b"nothing here" * 40)


@recipe
def two_extended(path):
    image = mbr_image(path, entry(5, 2048, 4096), entry(0x0F, 8192, 4096))
    for start in (2048, 8192):
        image.patch(start * SECTOR, table([entry(0x83, 64, 128)]))


@recipe
def overlap(path):
    """Partitions that overlap, one that begins at 0, one that is empty, and two that are active."""
    mbr_image(path, entry(0x83, 2048, 8192, 0x80), entry(0x83, 4096, 8192, 0x80), entry(0x0C, 0, 1024), entry(0x82, 20000, 0))


@recipe
def out_of_range(path):
    """Partitions that end or begin behind the disk, or wrap around 2^32 sectors; an odd boot flag."""
    mbr_image(path, entry(0x83, 2048, 1 << 31), entry(7, 0xFFFFFFF0, 0xFFFFFFF0), entry(0x0B, 1 << 24, 2048, 0x7F))


@recipe
def unaligned(path):
    mbr_image(path, entry(0x83, 1, 100), entry(0x83, 777, 1001), entry(0x83, 2049, 2047))


@recipe
def random_table(path):
    """The signature 55 AA behind noise."""
    image = Image(path, 16 * MIB)
    image.patch(0, bytes((index * 167 + 13) % 256 for index in range(510)) + b"\x55\xaa")


def gpt_with(path, **changes):
    """A valid small GPT whose primary header gets new fields and a right checksum."""
    image = Image(path, 96 * MIB)
    image.table(GPT)
    fields = {"my_lba": (24, "<Q"), "backup_lba": (32, "<Q"), "first": (40, "<Q"), "last": (48, "<Q"),
              "entries_lba": (72, "<Q"), "count": (80, "<I"), "entry_size": (84, "<I"), "header_size": (12, "<I")}
    header = bytearray(image.read(SECTOR, SECTOR))
    for name, value in changes.items():
        offset, form = fields[name]
        struct.pack_into(form, header, offset, value)
    size = min(struct.unpack_from("<I", header, 12)[0], SECTOR)
    header[16:20] = bytes(4)
    struct.pack_into("<I", header, 16, zlib.crc32(header[:size]))
    image.patch(SECTOR, bytes(header))
    image.patch(image.size - SECTOR, bytes(SECTOR))  # no backup to fall back to
    return image


@recipe
def gpt_2to32_entries(path):
    gpt_with(path, count=0xFFFFFFFF)


@recipe
def gpt_huge_entry_size(path):
    gpt_with(path, entry_size=0xFFFFFF80)


@recipe
def gpt_entry_size_zero(path):
    gpt_with(path, entry_size=0)


@recipe
def gpt_entry_size_odd(path):
    gpt_with(path, entry_size=100)


@recipe
def gpt_header_size_huge(path):
    gpt_with(path, header_size=0xFFFFFFFF)


@recipe
def gpt_header_size_zero(path):
    gpt_with(path, header_size=0)


@recipe
def gpt_entries_outside(path):
    gpt_with(path, entries_lba=1 << 60)


@recipe
def gpt_lba_overflow(path):
    """first and last usable sectors whose byte offsets do not fit in 64 bits."""
    gpt_with(path, first=1 << 62, last=(1 << 64) - 1, backup_lba=(1 << 63) + 5)


@recipe
def gpt_entry_overflow(path):
    """A partition that ends before it begins, and one at 2^63."""
    image = gpt_with(path)
    entries = bytearray(image.read(2 * SECTOR, 128 * 128))
    struct.pack_into("<QQ", entries, 32, 71680, 2048)
    struct.pack_into("<QQ", entries, 128 + 32, 1 << 63, (1 << 64) - 1)
    image.patch(2 * SECTOR, bytes(entries))
    header = bytearray(image.read(SECTOR, SECTOR))
    struct.pack_into("<I", header, 88, zlib.crc32(entries))
    header[16:20] = bytes(4)
    struct.pack_into("<I", header, 16, zlib.crc32(header[:92]))
    image.patch(SECTOR, bytes(header))
