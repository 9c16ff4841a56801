#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an XVA with every chunk of a disk, zeros or not, as hosts write block devices: an archive as long as the disk that
takes little space, because zeros are holes in it, and little time, because they are hashed once.

usage: make_large_xva.py DISK.raw OUT.xva
"""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from xvamaker import sources, xxh64  # noqa: E402

CHUNK = 1 << 20


def header(name, size):
    """As xapi writes it (V7, mode 0400)."""
    block = bytearray(512)
    block[:len(name)] = name.encode()
    block[100:148] = b"0000400\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"%011o\0" % 0
    block[148:156] = b" " * 8
    block[148:156] = b"%07o\0" % sum(block)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % 512)


def ova_xml(disk):
    with tempfile.TemporaryDirectory() as folder:
        small = os.path.join(folder, "small.xva")
        subprocess.run([sys.executable, pathlib.Path(__file__).with_name("make_xva.py"), "--disk",
                        f"zero={os.path.getsize(disk)}B,ref=Ref:2", small], check=True)
        return subprocess.run(["tar", "xOf", small, "ova.xml"], stdout=subprocess.PIPE, check=True).stdout


def main():
    disk, output = sys.argv[1:]
    source = sources.FileSource(disk)
    data_chunks = set(source.candidates())
    zero_hash = xxh64.text(bytes(CHUNK))
    text = ova_xml(disk)
    with open(output, "wb") as out:
        out.write(header("ova.xml", len(text)) + padded(text))
        for index in range(source.chunks()):
            name, length = f"Ref:2/{index:08}", source.length(index)
            out.write(header(name, length))
            if index in data_chunks or length < CHUNK:
                data = source.read(index)
                out.write(padded(data))
                digest = xxh64.text(data)
            else:
                out.seek(CHUNK, os.SEEK_CUR)
                digest = zero_hash
            out.write(header(name + ".xxhash", 16) + padded(digest.encode()))
        out.write(bytes(1024))


if __name__ == "__main__":
    main()
