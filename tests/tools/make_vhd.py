#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes small VHD files from the specification ("Virtual Hard Disk Image Format Specification" 1.0), for tests.

Each sector N of --sectors holds its number and the image's name, so that a reader's answer can be foretold."""
import argparse
import struct
import uuid

EPOCH_TIMESTAMP = 1000
TYPES = {"fixed": 2, "dynamic": 3, "differencing": 4}


def sealed(data, checksum_at):
    data[checksum_at:checksum_at + 4] = bytes(4)
    data[checksum_at:checksum_at + 4] = struct.pack(">I", ~sum(data) & 0xFFFFFFFF)
    return bytes(data)


def image_id(name):
    return uuid.uuid5(uuid.NAMESPACE_URL, name).bytes


def footer(options):
    data = bytearray(512)
    offset = 0xFFFFFFFFFFFFFFFF if options.type == "fixed" else 512
    struct.pack_into(">8sIIQI4sI4sQQ", data, 0, b"conectix", 2, 0x10000, offset, EPOCH_TIMESTAMP, b"win ", 0x60001,
                     b"Wi2k", options.size, options.size)
    struct.pack_into(">I", data, 60, TYPES[options.type])
    data[68:84] = image_id(options.name)
    return sealed(data, 64)


def locators(options, start):
    """The entries of the header, and the paths they point to."""
    entries, paths = b"", b""
    for code, path in (locator.split("=", 1) for locator in options.locator):
        text = path.encode("utf-8" if code == "MacX" else "utf-16-le")
        entries += struct.pack(">4sIIIQ", code.encode(), 512, len(text), 0, start + len(paths))
        paths += text.ljust((len(text) + 511) // 512 * 512, b"\0")
    return entries, paths


def sector(options, number):
    return f"{options.name} {number}\n".encode().ljust(512, b".")


def sparse_image(options):
    blocks = (options.size + options.block_size - 1) // options.block_size
    per_block = options.block_size // 512
    bitmap_size = (per_block + 4095) // 4096 * 512
    table = [0xFFFFFFFF] * blocks
    table_size = (blocks * 4 + 511) // 512 * 512
    entries, paths = locators(options, 1536 + table_size)
    body = b""
    for block in sorted({number // per_block for number in options.sectors}):
        table[block] = (1536 + table_size + len(paths) + len(body)) // 512
        bitmap, data = bytearray(bitmap_size), bytearray(options.block_size)
        for number in options.sectors:
            if number // per_block == block:
                n = number % per_block
                bitmap[n // 8] |= 0x80 >> n % 8
                data[n * 512:n * 512 + 512] = sector(options, number)
        body += bitmap + data
    header = bytearray(1024)
    struct.pack_into(">8sQQIII", header, 0, b"cxsparse", 0xFFFFFFFFFFFFFFFF, 1536, 0x10000, blocks, options.block_size)
    if options.parent:
        header[40:56] = image_id(options.parent)
        struct.pack_into(">I", header, 56, EPOCH_TIMESTAMP)
        name = options.parent.encode("utf-16-be")
        header[64:64 + len(name)] = name
        header[576:576 + len(entries)] = entries
    packed = struct.pack(f">{blocks}I", *table).ljust(table_size, b"\xff")
    return footer(options) + sealed(header, 36) + packed + paths + body + footer(options)


def fixed_image(options):
    data = bytearray(options.size)
    for number in options.sectors:
        data[number * 512:number * 512 + 512] = sector(options, number)
    return bytes(data) + footer(options)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--type", choices=TYPES, default="dynamic")
    parser.add_argument("--name", default="base.vhd", help="its id is made from this name, and so is a child's parent id")
    parser.add_argument("--size", type=int, default=65536, help="bytes of the disk")
    parser.add_argument("--block-size", type=int, default=2 << 20)
    parser.add_argument("--sectors", type=lambda text: [int(n) for n in text.split(",")], default=[], metavar="N,N,...")
    parser.add_argument("--parent", metavar="NAME", help="of a differencing image")
    parser.add_argument("--locator", action="append", default=[], metavar="CODE=PATH", help="W2ru, W2ku or MacX")
    parser.add_argument("output")
    options = parser.parse_args()
    with open(options.output, "wb") as file:
        file.write(fixed_image(options) if options.type == "fixed" else sparse_image(options))


if __name__ == "__main__":
    main()
