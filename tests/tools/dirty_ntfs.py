#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dirty_ntfs.py VOLUME: gives the $LogFile of a volume made by mkntfs the restart pages of a Windows that was switched off:
one client, and not the flag for a clean end. Layouts: layout.h and logfile.h of the Linux NTFS project."""
import struct
import sys

PAGE, SECTOR = 4096, 512
CLIENT = struct.pack("<QQHHH6xI128s", 0, 0, 0xFFFF, 0xFFFF, 0, 8, "NTFS".encode("utf-16-le"))


def log_place(volume):
    """The byte and the length of the first run of record 2 of the MFT."""
    sector, per_cluster = struct.unpack_from("<HB", volume, 11)
    cluster = sector * per_cluster
    size = struct.unpack_from("<b", volume, 64)[0]
    record = 1 << -size if size < 0 else size * cluster
    at = struct.unpack_from("<Q", volume, 48)[0] * cluster + 2 * record
    attribute = at + struct.unpack_from("<H", volume, at + 20)[0]
    while struct.unpack_from("<I", volume, attribute)[0] != 0x80:
        attribute += struct.unpack_from("<I", volume, attribute + 4)[0]
    run = attribute + struct.unpack_from("<H", volume, attribute + 32)[0]
    lengths, offsets = volume[run] & 15, volume[run] >> 4
    clusters = int.from_bytes(volume[run + 1:run + 1 + lengths], "little")
    start = int.from_bytes(volume[run + 1 + lengths:run + 1 + lengths + offsets], "little", signed=True)
    return start * cluster, clusters * cluster


def restart_page(size):
    area_at, client_at, count = 0x40, 0x30, 1 + PAGE // SECTOR
    area = struct.pack("<QHHHHIHHQIHHII", 0, 1, 0xFFFF, 0, 0, 67 - size.bit_length(), client_at + len(CLIENT), client_at,
                       size, 0, 0x30, 0x40, 1, 0)
    page = bytearray(PAGE)
    page[:30] = struct.pack("<4sHHqIIHhh", b"RSTR", 0x1E, count, 0, PAGE, PAGE, area_at, 1, 1)
    page[area_at:area_at + client_at + len(CLIENT)] = area.ljust(client_at, b"\0") + CLIENT
    # The last two bytes of each sector are kept at the front, and a number stands in for them.
    number = b"\1\0"
    page[0x1E:0x20] = number
    for i in range(1, count):
        end = i * SECTOR - 2
        page[0x1E + 2 * i:0x20 + 2 * i] = page[end:end + 2]
        page[end:end + 2] = number
    return page


def main():
    with open(sys.argv[1], "r+b") as disk:
        volume = disk.read()
        at, size = log_place(volume)
        disk.seek(at)
        disk.write(restart_page(size) * 2)


if __name__ == "__main__":
    main()
