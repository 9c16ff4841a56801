#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two disks of a guest: /boot on a partition, a volume group over both (root linear in two pieces, data striped,
thin as a kind that is not readable). Writes the metadata as LVM2 lays it out (lib/format_text/layout.h); a test with
real LVM needs root and device mapper. Also writes the file "big", which is on vg0/data."""
import os
import struct
import subprocess
import sys
import zlib

MIB = 1 << 20
EXTENT = MIB
IDS = ["aaaaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa", "bbbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb"]


def crc(data):
    """LVM's: CRC-32 without the inversion at the end, from 0xf597a6cf."""
    return zlib.crc32(data, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def segment(number, start, count, stripes, stripe_size=None):
    places = ", ".join(f'"{pv}", {extent}' for pv, extent in stripes)
    size = f"stripe_size = {stripe_size}\n" if stripe_size else ""
    return (f'segment{number} {{\nstart_extent = {start}\nextent_count = {count}\ntype = "striped"\n'
            f"stripe_count = {len(stripes)}\n{size}stripes = [\n{places}\n]\n}}\n")


def volume(name, number, segments):
    return (f'{name} {{\nid = "vol{number:03}-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa"\nstatus = ["READ", "WRITE", "VISIBLE"]\n'
            f'flags = []\nsegment_count = {len(segments)}\n' + "".join(segments) + "}\n")


def metadata(pv_extents):
    thin = 'segment1 {\nstart_extent = 0\nextent_count = 2\ntype = "thin"\nthin_pool = "pool0"\ndevice_id = 1\n}\n'
    text = 'vg0 {\nid = "vgvgvg-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa"\nseqno = 3\nformat = "lvm2" # informational\n'
    text += f'status = ["RESIZEABLE", "READ", "WRITE"]\nextent_size = {EXTENT // 512}\nphysical_volumes {{\n'
    for i, extents in enumerate(pv_extents):
        text += f'pv{i} {{\nid = "{IDS[i]}"\ndevice = "/dev/xvd{"ab"[i]}"\npe_start = 2048\npe_count = {extents}\n}}\n'
    text += "}\nlogical_volumes {\n"
    text += volume("root", 1, [segment(1, 0, 5, [("pv0", 2)]), segment(2, 5, 7, [("pv1", 4)])])
    text += volume("data", 2, [segment(1, 0, 8, [("pv0", 8), ("pv1", 12)], 128)])
    text += volume("thin", 3, [thin])
    return text + '}\n}\ncontents = "Text Format Volume Group"\nversion = 1\n'


def write_pv(disk, at, size, number, text):
    sector = bytearray(512)
    header = IDS[number].replace("-", "").encode() + struct.pack("<Q", size)
    header += struct.pack("<QQ", MIB, 0) + bytes(16) + struct.pack("<QQ", 4096, MIB - 4096) + bytes(16)
    sector[:32] = b"LABELONE" + struct.pack("<QII", 1, 0, 32) + b"LVM2 001"
    sector[32:32 + len(header)] = header
    struct.pack_into("<I", sector, 16, crc(bytes(sector[20:])))
    disk[at + 512:at + 1024] = sector
    raw = text.encode() + b"\0"
    # The text starts near the end of the ring and goes on behind the header.
    offset = MIB - 4096 - 512
    area = bytearray(MIB - 4096)
    head = b" LVM2 x[5A%r0N*>" + struct.pack("<IQQ", 1, 4096, MIB - 4096) + struct.pack("<QQII", offset, len(raw), crc(raw), 0)
    area[4:4 + len(head)] = head
    struct.pack_into("<I", area, 0, crc(bytes(area[4:512])))
    front = len(area) - offset
    area[offset:] = raw[:front]
    area[512:512 + len(raw) - front] = raw[front:]
    disk[at + 4096:at + MIB] = area


def ext(name, size, files, uuid):
    tree = name + ".tree"
    for path, data in files.items():
        os.makedirs(os.path.dirname(f"{tree}/{path}"), exist_ok=True)
        with open(f"{tree}/{path}", "wb") as out:
            out.write(data)
    with open(name, "wb") as out:
        out.truncate(size)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-U", uuid, "-d", tree, name], check=True)
    with open(name, "rb") as done:
        return done.read()


def main():
    big = bytes((i * i >> 7) & 255 for i in range(3_000_000))
    with open("big", "wb") as out:
        out.write(big)
    boot_id = "b0b0b0b0-0000-0000-0000-000000000001"
    fstab = f"# comment\n/dev/mapper/vg0-root / ext4 defaults 0 1\nUUID={boot_id.upper()}\t/boot ext4 ro 0 2\n" \
            "/dev/vg0/data /srv/data ext4 noauto 0 0\nproc /proc proc defaults 0 0\n"
    boot = ext("boot.ext", 8 * MIB, {"grub/grub.cfg": b"set default=0\n"}, boot_id)
    root = ext("root.ext", 12 * MIB, {"etc/fstab": fstab.encode(), "etc/hostname": b"lvmguest\n", "boot/hidden": b"no\n",
                                      "srv/data/hidden": b"no\n"}, "b0b0b0b0-0000-0000-0000-000000000002")
    data = ext("data.ext", 8 * MIB, {"file": b"on data\n", "big": big}, "b0b0b0b0-0000-0000-0000-000000000003")
    first, second = bytearray(32 * MIB), bytearray(32 * MIB)
    first[446:462] = struct.pack("<B3sB3sII", 0x80, b"\0\0\0", 0x83, b"\0\0\0", 2048, 16384)
    first[462:478] = struct.pack("<B3sB3sII", 0, b"\0\0\0", 0x8E, b"\0\0\0", 18432, 47104 - 2048)
    first[510:512] = b"\x55\xaa"
    first[MIB:MIB + len(boot)] = boot
    pv0 = 9 * MIB
    text = metadata([20, 30])
    write_pv(first, pv0, 22 * MIB, 0, text)
    write_pv(second, 0, 32 * MIB, 1, text)

    def at(pv, extent):
        return (pv0 if pv == 0 else 0) + MIB + extent * EXTENT
    first[at(0, 2):at(0, 7)] = root[:5 * MIB]
    second[at(1, 4):at(1, 11)] = root[5 * MIB:]
    for i in range(len(data) // 65536):
        disk, start = (first, at(0, 8)) if i % 2 == 0 else (second, at(1, 12))
        place = start + i // 2 * 65536
        disk[place:place + 65536] = data[i * 65536:(i + 1) * 65536]
    for name, disk in zip(sys.argv[1:3], (first, second)):
        with open(name, "wb") as out:
            out.write(disk)


if __name__ == "__main__":
    main()
