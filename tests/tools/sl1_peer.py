#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer that speaks SL1 as xenlab-sl1(7) has it and means no good. Shares no code with lib/serial.

    sl1_peer.py agent TERMINAL EVIL     answers as an agent; EVIL is a method's name below
    sl1_peer.py host HOST:PORT          plays the host, does all it should not, and prints what came back
"""
import os
import pathlib
import select
import socket
import struct
import sys
import time
import tty
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import make_sl1_vectors  # noqa: E402

DATA, ACK, HELLO, WELCOME, RESET = range(5)
AUTH, EXEC, PUT, GET, LIST, MKDIR, PIPE, INFO, PING, LINK = 0x01, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18
STARTED, EXIT, HAVE, META, DONE, ENTRY, ERROR, FACTS, PONG = range(0x20, 0x29)
BYTES, OUT, ERR, EOF, CREDIT, CLOSE = 0x30, 0x31, 0x32, 0x40, 0x50, 0x51
FROM_AGENT = 0x80


def uncobs(data):
    out, at = bytearray(), 0
    while at < len(data):
        count = data[at]
        if count == 0 or at + count > len(data):
            return None
        out += data[at + 1:at + count]
        at += count
        if count < 255 and at < len(data):
            out.append(0)
    return bytes(out)


def field(tag, value):
    if isinstance(value, str):
        value = os.fsencode(value)
    return struct.pack("<BH", tag, len(value)) + value


def u32(tag, value):
    return field(tag, struct.pack("<I", value))


def u64(tag, value):
    return field(tag, struct.pack("<Q", value))


def fields_of(body):
    found, at = {}, 0
    while at + 3 <= len(body):
        tag, size = struct.unpack_from("<BH", body, at)
        found[tag] = body[at + 3:at + 3 + size]
        at += 3 + size
    return found


class Peer:
    def __init__(self, fd, side):
        self.fd, self.side = fd, side
        self.held = b""
        self.new_session(0)

    def new_session(self, number):
        self.session, self.seq, self.pn, self.expected, self.apn = number, 0, 0, 0, 0

    def write(self, data):
        while data:
            data = data[os.write(self.fd, data[:4096]):]

    def frame(self, kind, chan=0, seq=0, pn=0, payload=b""):
        self.write(make_sl1_vectors.frame(kind | self.side, chan, seq, self.expected, self.session, pn, self.apn, payload))

    def say(self, chan, op, body=b""):
        self.pn += 1
        self.frame(DATA | 0x40, chan, self.seq, self.pn, bytes([op]) + body)
        self.seq = (self.seq + 1) & 0xffff

    def frames(self, limit):
        """What comes within so many seconds: (type, chan, payload), each message once and in order."""
        if not select.select([self.fd], [], [], limit)[0]:
            return
        data = os.read(self.fd, 65536)
        if not data:
            sys.exit(0)
        self.held += data
        *pieces, self.held = self.held.split(b"\0")
        for piece in pieces:
            body = uncobs(piece)
            if body is None or len(body) < 16 or zlib.crc32(body[:-4]) != struct.unpack("<I", body[-4:])[0]:
                continue
            kind, chan, seq, _, session, pn, _ = struct.unpack_from("<BBHHHHH", body)
            if (kind ^ self.side) & FROM_AGENT == 0:
                continue
            kind &= 0x0f
            if kind == DATA:
                self.apn = pn
                wanted = seq == self.expected
                self.expected = (self.expected + wanted) & 0xffff
                self.frame(ACK, payload=bytes(4))
                if not wanted:
                    continue
            elif kind == HELLO:
                if session != self.session:
                    self.new_session(session)
                self.frame(WELCOME, payload=body[12:16] + b"\0" + struct.pack("<HH", 2048, 24576) + bytes(40))
                continue
            yield kind, chan, body[12:-4]


class Evil:
    """Each method is one kind of lie: what it answers to the first message of a channel."""

    def __init__(self, peer):
        self.peer = peer

    def listing(self, chan, *entries):
        self.peer.say(chan, ENTRY, field(1, "") + u32(20, ord("d")) + u64(2, 0))
        for path, kind, target in entries:
            self.peer.say(chan, ENTRY, field(1, path) + u32(20, ord(kind)) + u64(2, 5) + field(21, target))
        self.peer.say(chan, DONE)
        self.peer.say(chan, CLOSE)

    def content(self, chan, data=b"evil\n", digest=bytes(32), size=5):
        self.peer.say(chan, META, u64(2, size) + u32(3, 0o644) + u64(4, 1) + u32(20, ord("f")) + u64(5, 0))
        self.peer.say(chan, BYTES, data)
        self.peer.say(chan, EOF, field(7, digest) + u64(2, len(data)))
        self.peer.say(chan, CLOSE)

    def parent(self, chan, op):
        self.listing(chan, ("../evil", "f", "")) if op == LIST else self.content(chan)

    def absolute(self, chan, op):
        self.listing(chan, ("/tmp/evil", "f", "")) if op == LIST else self.content(chan)

    def hidden(self, chan, op):
        self.listing(chan, ("a", "d", ""), ("a/../../evil", "f", "")) if op == LIST else self.content(chan)

    def through_a_link(self, chan, op):
        self.listing(chan, ("a", "l", ".."), ("a/evil", "f", "")) if op == LIST else self.content(chan)

    def twice(self, chan, op):
        self.listing(chan, ("a", "f", ""), ("a", "d", "")) if op == LIST else self.content(chan)

    def zero_byte(self, chan, op):
        self.listing(chan, ("a\0b", "f", "")) if op == LIST else self.content(chan)

    def wrong_sum(self, chan, _op):
        self.content(chan)

    def wrong_offset(self, chan, _op):
        self.peer.say(chan, META, u64(2, 1 << 63) + u64(5, 1 << 62))
        self.peer.say(chan, CLOSE)

    def malformed(self, chan, _op):
        self.peer.say(chan, META, b"\x02\xff\xff1")
        self.peer.say(chan, CLOSE)

    def no_end(self, chan, op):
        if op == EXEC:
            self.peer.say(chan, STARTED, u32(24, 1))
        self.peer.say(chan, CLOSE)

    def endless_credit(self, chan, _op):
        self.peer.say(chan, CREDIT, struct.pack("<I", 0xffffffff))

    def stream_in_pieces(self, chan, _op):
        self.peer.say(chan, OUT | 0x80, b"streams do not go on in the next message")

    def endless_message(self, chan, _op):
        for _ in range(30):
            self.peer.say(chan, EXIT | 0x80, bytes(1900))

    def silent(self, chan, op):
        pass

    def other_channels(self, chan, _op):
        for other in range(1, 256):
            self.peer.say(other, EXIT, u32(17, 0))
            self.peer.say(other, 0x7f, b"?")
        self.peer.say(chan, EXIT, u32(17, 4))
        self.peer.say(chan, CLOSE)

    def terminal_tricks(self, chan, _op):
        self.peer.say(chan, ERROR, u32(17, 1) + field(19, "\x1b]0;evil\x07\n\xff words"))
        self.peer.say(chan, CLOSE)

    def impossible_code(self, chan, _op):
        self.peer.say(chan, ERROR, u32(17, 0) + field(19, "all is well"))
        self.peer.say(chan, CLOSE)


def be_agent(terminal, evil):
    fd = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)
    peer = Peer(fd, FROM_AGENT)
    answer = getattr(Evil(peer), evil)
    while True:
        for kind, chan, payload in peer.frames(60):
            if kind != DATA or not payload or not 0x10 <= payload[0] & 0x7f <= 0x1f:
                continue
            if payload[0] == PING:
                peer.say(chan, PONG)
                peer.say(chan, CLOSE)
            else:
                answer(chan, payload[0])


def be_host(where):
    host, port = where.split(":")
    line = socket.create_connection((host, int(port)))
    peer = Peer(line.fileno(), 0)
    peer.write(os.urandom(3000) + b"\0" + b"x" * 100000 + b"\0\0\0")
    peer.new_session(77)
    greeting = b"SL1\x01\0" + struct.pack("<HH", 2048, 24576) + bytes(40)
    for bad in (b"", b"SL1", b"SL2" + greeting[3:], greeting[:5] + struct.pack("<HH", 1, 65535) + greeting[9:]):
        peer.frame(HELLO, payload=bad)
    peer.frame(HELLO, payload=greeting)
    heard = {}

    def listen_until(done):
        end = time.monotonic() + 40
        while not done() and time.monotonic() < end:
            for kind, chan, payload in peer.frames(1):
                heard.setdefault(chan if kind == DATA else f"type {kind}", []).append(payload)
        return done()

    def refused(chan):
        if not listen_until(lambda: any(payload[0] == CLOSE for payload in heard.get(chan, []))):
            return "nothing"
        first = heard[chan][0]
        return repr(os.fsdecode(fields_of(first[1:]).get(19, b""))[-50:]) if first[0] == ERROR else f"answer {first[0]:x}"

    print("welcome:", listen_until(lambda: f"type {WELCOME}" in heard))
    lies = [(EXEC, b"\x01"), (EXEC, b""), (EXEC, field(8, b"a\0b")), (PUT, field(1, "")), (PUT, field(1, b"/tmp/a\0b")),
            (GET, field(1, "/")), (GET, field(1, "/no/such")), (LIST, field(1, "x" * 1900)), (0x1f, b""), (PIPE, b""),
            (GET, field(1, "/etc/passwd") + u64(5, 1 << 63) + field(7, b"short"))]
    for chan, (op, body) in enumerate(lies, 1):
        peer.say(chan, op, body)
        print(f"{op:x}:", refused(chan))
        peer.say(chan, CLOSE)
    peer.say(200, BYTES, b"for nobody")
    peer.say(201, CREDIT, b"")
    peer.say(0, AUTH, b"\xff")
    peer.say(60, EXEC, field(8, "cat"))
    peer.say(60, CREDIT, struct.pack("<I", 0xffffffff))  # more than there may be: the session ends
    print("reset:", listen_until(lambda: f"type {RESET}" in heard))


if __name__ == "__main__":
    if sys.argv[1] == "agent":
        be_agent(*sys.argv[2:])
    else:
        be_host(sys.argv[2])
