#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints SL1 frames as xenlab-sl1(7) defines them: fields in hex, then the bytes on the line. Shares no code with lib/serial."""
import struct
import zlib


def cobs(data):
    out, run = bytearray(), bytearray()
    implied = True  # whether a zero is owed after the last run
    for byte in data + b"\0":
        if byte:
            run.append(byte)
            if len(run) == 254:
                out += b"\xff" + run
                run.clear()
                implied = False
            continue
        if run or implied or True:
            out += bytes([len(run) + 1]) + run
            run.clear()
        implied = True
    # A full run at the very end owes nothing.
    if data and len(data) >= 254 and 0 not in data[-254:] and (len(data.split(b"\0")[-1]) % 254) == 0:
        out = out[:-1]
    return bytes(out)


def frame(kind, chan, seq, ack, sess, pn, apn, payload):
    body = struct.pack("<BBHHHHH", kind, chan, seq, ack, sess, pn, apn) + payload
    body += struct.pack("<I", zlib.crc32(body))
    return b"\0" + cobs(body) + b"\0"


def main():
    print("# SL1 frames: type chan seq ack sess pn apn payload bytes-on-the-line, all in hex (xenlab-sl1(7)).")
    print("# Made by tests/tools/make_sl1_vectors.py.")
    greeting = b"SL1\x01\x00" + struct.pack("<HH", 2048, 24576) + bytes(range(16)) + bytes(16) + bytes(8)
    for fields in (
            (0x02, 0, 0, 0, 0xbeef, 0, 0, greeting),
            (0x83, 0, 0, 0, 0xbeef, 0, 0, greeting[:4] + b"\x02" + greeting[5:]),
            (0x00, 1, 0, 0, 0xbeef, 1, 0, b"\x17ping"),
            (0x40, 1, 1, 2, 0xbeef, 2, 3, b""),
            (0xc0, 5, 0xffff, 0x8000, 1, 0xffff, 0x7fff, b"\x31" + bytes(10)),
            (0x81, 0, 0, 300, 0xbeef, 0, 299, struct.pack("<I", 0x80000005)),
            (0x84, 0, 0, 0, 0x1234, 0, 0, b""),
            (0x80, 9, 7, 0, 0x0101, 0x0707, 0x0101, b"\x31" + bytes(n % 255 + 1 for n in range(600)))):
        *numbers, payload = fields
        print(*(f"{n:x}" for n in numbers), payload.hex() or "-", frame(*fields).hex())


if __name__ == "__main__":
    main()
