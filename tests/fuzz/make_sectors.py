#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns an image into the input of fs_fuzzer: each sector that is not zero, with its number in front (32 bits, little
endian). make_sectors.py IMAGE OUTPUT"""
import struct
import sys


def main():
    with open(sys.argv[1], "rb") as image, open(sys.argv[2], "wb") as out:
        number = 0
        while data := image.read(512):
            if any(data):
                out.write(struct.pack("<I", number) + data.ljust(512, b"\0"))
            number += 1


if __name__ == "__main__":
    main()
