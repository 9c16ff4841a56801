#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes seeds for the NBD fuzzers: make_nbd_streams.py SERVER_CORPUS CLIENT_CORPUS.

A seed of the former is what a client says, one of the latter what a server says (NBD doc/proto.md).
"""
import pathlib
import struct
import sys

IHAVEOPT = 0x49484156454F5054
GO, EXPORT_NAME, ABORT, LIST, INFO, STRUCTURED, LIST_META, SET_META = 7, 1, 2, 3, 6, 8, 9, 10
READ, WRITE, DISC, TRIM, CACHE, STATUS = 0, 1, 2, 4, 5, 7
ALLOCATION = b"base:allocation"


def counted(text):
    return struct.pack(">I", len(text)) + text


# What clients say

def option(number, data=b""):
    return struct.pack(">QII", IHAVEOPT, number, len(data)) + data


def go(name=b"", *infos):
    return counted(name) + struct.pack(f">H{len(infos)}H", len(infos), *infos)


def meta(*queries):
    return counted(b"") + struct.pack(">I", len(queries)) + b"".join(map(counted, queries))


def request(kind, offset, length, flags=0, cookie=1):
    return struct.pack(">IHHQQI", 0x25609513, flags, kind, cookie, offset, length)


def client_streams():
    requests = (request(READ, 0, 512) + request(READ, 100, 299000) + request(READ, 0, 4096, 4) +
                request(STATUS, 0, 300001) + request(STATUS, 7, 4000, 8) + request(READ, 4096, 10) +
                request(CACHE, 0, 4096) + request(TRIM, 0, 10) + request(WRITE, 0, 4) + b"data" +
                request(READ, 300000, 2) + request(99, 0, 0) + request(DISC, 0, 0))
    flags = struct.pack(">I", 3)
    yield "modern", (flags + option(STRUCTURED) + option(SET_META, meta(ALLOCATION)) +
                     option(GO, go(b"a", 3, 2)) + requests)
    yield "asking", (flags + option(LIST) + option(STRUCTURED) + option(LIST_META, meta(b"base:")) +
                     option(LIST_META, meta()) + option(INFO, go(b"gone")) + option(INFO, go(b"", 3)) +
                     option(77, b"?") + option(ABORT))
    yield "simple", flags + option(GO, go()) + requests
    yield "old", struct.pack(">I", 0) + option(EXPORT_NAME, b"a") + requests


# What servers say

def reply(number, kind, data=b""):
    return struct.pack(">QIII", 0x0003E889045565A9, number, kind, len(data)) + data


def greeting(flags=3):
    return b"NBDMAGIC" + struct.pack(">QH", IHAVEOPT, flags)


def export(size):
    return reply(GO, 3, struct.pack(">HQH", 0, size, 3))


def chunk(cookie, kind, payload=b"", done=True):
    return struct.pack(">IHHQI", 0x668E33EF, int(done), kind, cookie, len(payload)) + payload


def structured(size):
    return (greeting() + reply(STRUCTURED, 1) + reply(SET_META, 4, struct.pack(">I", 9) + ALLOCATION) +
            reply(SET_META, 1) + export(size) + reply(GO, 3, struct.pack(">HIII", 3, 1, 4096, 1 << 25)) +
            reply(GO, 1))


def data_at(cookie, offset, length, done=True):
    return chunk(cookie, 1, struct.pack(">Q", offset) + b"x" * length, done)


def status(cookie, *fields):
    return chunk(cookie, 5, struct.pack(f">I{len(fields)}I", 9, *fields))


def server_streams():
    whole = structured(2000) + data_at(1, 0, 100) + status(2, 1000, 3)
    whole += data_at(3, 0, 1000) + data_at(4, 1000, 1000) + status(5, 500, 0, 1500, 3)
    yield "modern", whole
    yield "pieces", (structured(2000) + data_at(1, 50, 50, False) +
                     chunk(1, 2, struct.pack(">QI", 0, 50), False) + chunk(1, 0) +
                     status(2, 400, 3, 400, 0, 200, 2))
    yield "errors", (structured(5000) + chunk(1, 0x8001, struct.pack(">IH", 5, 3) + b"bad") +
                     chunk(2, 0x8002, struct.pack(">IHQ", 22, 0, 7)) + data_at(3, 4097, 903))
    yield "simple", (greeting() + reply(STRUCTURED, 0x80000001) + export(1500) + reply(GO, 1) +
                     struct.pack(">IIQ", 0x67446698, 0, 1) + b"y" * 512 +
                     struct.pack(">IIQ", 0x67446698, 5, 2))
    yield "old", greeting(0) + struct.pack(">QH", 1024, 3) + bytes(124)
    yield "huge", structured((1 << 63) - 1) + data_at(1, 0, 100) + status(2, 0xFFFFFFFF, 3)


def main(arguments):
    for folder, streams in zip(arguments, (client_streams(), server_streams()), strict=True):
        for name, stream in streams:
            pathlib.Path(folder, name).write_bytes(stream)


if __name__ == "__main__":
    main(sys.argv[1:])
