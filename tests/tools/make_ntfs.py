#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""make_ntfs.py OUT: records a volume with what only NTFS has (tests/data/ntfs): OUT/features.raw.zst and
OUT/features.sha256, the content as ntfs-3g shows it. Needs root, FUSE, ntfs-3g, mkntfs and zstd."""
import hashlib
import os
import struct
import subprocess
import sys


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def reparse(tag, target, shown, flags=None):
    """[MS-FSCC] 2.1.2.4 and 2.1.2.5: a junction has no flags."""
    names = target.encode("utf-16-le") + b"\0\0" + shown.encode("utf-16-le") + b"\0\0"
    head = struct.pack("<HHHH", 0, 2 * len(target), 2 * len(target) + 2, 2 * len(shown))
    if flags is not None:
        head += struct.pack("<I", flags)
    return struct.pack("<IHH", tag, len(head) + len(names), 0) + head + names


def write(path, data):
    with open(path, "wb") as out:
        out.write(data)


def fill(top):
    at = lambda *parts: os.path.join(top, *parts)
    text = b"".join(b"line %d of a text that repeats itself\n" % (i % 50) for i in range(9000))
    os.mkdir(at("packed"))
    os.setxattr(at("packed"), "system.ntfs_attrib_be", struct.pack(">I", 0x810))
    write(at("packed", "text"), text)
    noise = hashlib.shake_128(b"noise").digest(70_000)
    write(at("packed", "mixed"), text[:100_000] + noise + bytes(300_000) + text[:5000])
    with open(at("sparse"), "wb") as out:
        out.write(b"begin")
        out.seek(3_000_000)
        out.write(b"end")
    write(at("file"), b"the file\n")
    write(at("file") + ":stream", b"in a stream\n")
    write(at("file") + ":große Daten", text[:60_000])
    os.mkdir(at("folder"))
    os.link(at("file"), at("folder", "hard link"))
    write(at("folder", "ОченьДлинноеИмя " + "n" * 150), b"long\n")
    write(at("folder", "日本語.txt"), b"japanese\n")
    os.mkdir(at("many"))
    for i in range(400):
        write(at("many", f"file number {i:04}.txt"), b"%d\n" % i)
    links = {"to folder": (True, 0xA0000003, "\\??\\C:\\folder", "C:\\folder", None),
             "to file": (False, 0xA000000C, "folder\\hard link", "folder\\hard link", 1),
             "to drive": (False, 0xA000000C, "\\??\\C:\\file", "C:\\file", 0)}
    for name, (folder, tag, target, shown, flags) in links.items():
        os.mkdir(at(name)) if folder else write(at(name), b"")
        os.setxattr(at(name), "system.ntfs_reparse_data", reparse(tag, target, shown, flags))
    write(at("elsewhere"), b"")  # a file of Windows' deduplication: its content is in a store
    os.setxattr(at("elsewhere"), "system.ntfs_reparse_data", struct.pack("<IHH", 0x80000013, 8, 0) + bytes(8))


def main():
    out = os.path.abspath(sys.argv[1])
    os.makedirs(os.path.join(out, "mount"), exist_ok=True)
    raw, mount = os.path.join(out, "features.raw"), os.path.join(out, "mount")
    with open(raw, "wb") as image:
        image.truncate(24 << 20)
    run("mkntfs", "-q", "-F", "-f", "-c", "4096", "-L", "features", raw)
    run("ntfs-3g", "-o", "compression,streams_interface=windows", raw, mount)
    try:
        fill(mount)
        with open(os.path.join(out, "features.sha256"), "w", encoding="utf-8") as sums:
            for path in ["packed/text", "packed/mixed", "sparse", "file", "file:stream", "file:große Daten",
                         "folder/hard link", "folder/日本語.txt", "many/file number 0399.txt"]:
                with open(os.path.join(mount, path), "rb") as data:
                    sums.write(f"{hashlib.sha256(data.read()).hexdigest()}  {path}\n")
    finally:
        run("umount", mount)
    os.rmdir(mount)
    run("zstd", "-q", "-f", "-19", "--rm", raw)


if __name__ == "__main__":
    main()
