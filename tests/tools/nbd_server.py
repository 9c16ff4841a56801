#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An NBD server that misbehaves, on a Unix socket: newstyle negotiation, simple replies, as the protocol document of the
NetworkBlockDevice project has it. Ends when its standard input does.

usage: nbd_server.py SOCKET FILE [--size BYTES] [--after READS] [HOW]

The first READS reads are answered as they should be, then (HOW):
  honest    all others, too
  stall     no more answers, the connection stays
  die       the connection is closed in the middle of an answer
  exit      the server is gone, and its socket with it
  error     EIO
  stranger  an answer to a request that nobody made
  short     an answer with half of the bytes, and then the next one
Reads beyond FILE are answered with EINVAL; --size tells a client more, or less.
"""
import argparse
import os
import socket
import struct
import sys
import threading

OPTION, REPLY = 0x49484156454F5054, 0x0003E889045565A9
UNSUPPORTED = 0x80000001
GO, EXPORT_NAME, ABORT = 7, 1, 2
READ, DISCONNECT = 0, 2
EIO, EINVAL = 5, 22


class Gone(Exception):
    pass


class Connection:
    def __init__(self, sock, options):
        self.sock, self.options = sock, options
        self.left = options.after

    def take(self, count):
        data = b""
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            if not part:
                raise Gone
            data += part
        return data

    def reply(self, option, kind, data=b""):
        self.sock.sendall(struct.pack(">QIII", REPLY, option, kind, len(data)) + data)

    def negotiate(self):
        """True when the transmission phase has come."""
        self.sock.sendall(struct.pack(">8sQH", b"NBDMAGIC", OPTION, 3))
        flags, = struct.unpack(">I", self.take(4))
        while True:
            _, option, length = struct.unpack(">QII", self.take(16))
            self.take(length)
            export = struct.pack(">QH", self.options.size, 3)  # has flags, read-only
            if option == GO:
                self.reply(option, 3, struct.pack(">H", 0) + export)
                self.reply(option, 1)
                return True
            if option == EXPORT_NAME:
                self.sock.sendall(export + (b"" if flags & 2 else bytes(124)))
                return True
            self.reply(option, 1 if option == ABORT else UNSUPPORTED)
            if option == ABORT:
                return False

    def answer(self, handle, error, data=b""):
        return struct.pack(">IIQ", 0x67446698, error, handle) + data

    def misbehave(self, handle, data):
        how = self.options.how
        if how == "stall":
            return b""
        if how == "die":
            self.sock.sendall(self.answer(handle, 0, data[:1000]))
            raise Gone
        if how == "exit":
            os.unlink(self.options.socket)
            os._exit(0)
        if how == "stranger":
            return self.answer(handle + 12345, 0, data)
        if how == "short":
            return self.answer(handle, 0, data[:len(data) // 2])
        return self.answer(handle, EIO)

    def serve(self):
        size = os.fstat(self.options.file.fileno()).st_size
        while True:
            _, _, command, handle, offset, length = struct.unpack(">IHHQQI", self.take(28))
            if command == DISCONNECT:
                return
            if command != READ or offset + length > size:
                self.sock.sendall(self.answer(handle, EINVAL))
                continue
            data = os.pread(self.options.file.fileno(), length, offset)
            self.left -= 1
            well = self.options.how == "honest" or self.left >= 0
            self.sock.sendall(self.answer(handle, 0, data) if well else self.misbehave(handle, data))

    def run(self):
        try:
            if self.negotiate():
                self.serve()
        except (Gone, BrokenPipeError, ConnectionResetError):
            pass
        self.sock.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("socket")
    parser.add_argument("file", type=argparse.FileType("rb"))
    parser.add_argument("how", nargs="?", default="honest", choices=["honest", "stall", "die", "exit", "error", "stranger", "short"])
    parser.add_argument("--size", type=int)
    parser.add_argument("--after", type=int, default=0)
    options = parser.parse_intermixed_args()
    if options.size is None:
        options.size = os.fstat(options.file.fileno()).st_size
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(options.socket)
    listener.listen()

    def accept():
        while True:
            threading.Thread(target=Connection(listener.accept()[0], options).run, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
