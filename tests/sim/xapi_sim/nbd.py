# SPDX-License-Identifier: GPL-3.0-or-later
"""The NBD service of a host: xapi-nbd as its source has it (xapi.md 3.4).

Fixed newstyle, TLS demanded, EXPORT_NAME only: no INFO, no GO, no structured replies, no block
status; read-only; an export dies with its session; at most 16 connections.
"""

import socket
import ssl
import struct
import threading
import urllib.parse

from .wire import Failure

MOST = 16
_OPT_REPLY = 0x3E889045565A9
_EXPORT_NAME, _ABORT, _LIST, _STARTTLS = 1, 2, 3, 5
_ACK, _UNSUPPORTED, _TLS_REQUIRED = 1, 2**31 + 1, 2**31 + 5


class _End(Exception):
    """The connection is over."""


class NbdService:
    """Listens on the coordinator's address, at a port of its own."""

    def __init__(self, pool):
        self.pool, self.clients = pool, 0
        self.listener = socket.create_server((pool.master_address, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        sock.settimeout(60)
        self.clients += 1
        reads = 0
        try:
            if self.clients <= MOST:
                sock, disk, size, vbd = self._negotiate(sock)
                try:
                    reads = _transmit(sock, disk, size)
                finally:
                    self.pool.drop_dom0_vbd(vbd)
        except (_End, OSError, ssl.SSLError, struct.error, Failure):
            pass
        finally:
            self.clients -= 1
            self.pool.log.write(method="NBD", mutating=False, reads=reads)
            sock.close()

    def _negotiate(self, sock):
        sock.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 1))
        flags = struct.unpack(">I", _exactly(sock, 4))[0]
        tls = False
        while True:
            magic, option, length = struct.unpack(">8sII", _exactly(sock, 16))
            if magic != b"IHAVEOPT" or length > 4096:
                raise _End()
            data = _exactly(sock, length)
            if option == _STARTTLS and not tls:
                _answer(sock, option, _ACK)
                sock = self.pool.tls.context.wrap_socket(sock, server_side=True)
                tls = True
            elif option == _ABORT:
                _answer(sock, option, _ACK)
                raise _End()
            elif not tls:
                if option == _EXPORT_NAME:  # it has no way to say why
                    raise _End()
                _answer(sock, option, _TLS_REQUIRED)
            elif option == _EXPORT_NAME:
                disk, size, vbd = self._find(data.decode())
                sock.sendall(struct.pack(">QH", size, 3) + (b"" if flags & 2 else bytes(124)))
                return sock, disk, size, vbd
            else:
                _answer(sock, option, _ACK if option == _LIST else _UNSUPPORTED)

    def _find(self, name):
        path, _, query = name.partition("?")
        session = urllib.parse.parse_qs(query).get("session_id", [""])[0]
        self.pool.sessions.check(session)
        row = self.pool.db.lookup("VDI", path.strip("/"))
        if row is None:
            raise _End()
        return self.pool.disks[row.ref], row["virtual_size"], self.pool.dom0_vbd(row.ref, "RO")


def _exactly(sock, length):
    parts = []
    while length > 0:
        data = sock.recv(length)
        if not data:
            raise _End()
        parts.append(data)
        length -= len(data)
    return b"".join(parts)


def _answer(sock, option, kind):
    sock.sendall(struct.pack(">QIII", _OPT_REPLY, option, kind, 0))


def _transmit(sock, disk, size):
    """Requests one at a time; one that is not of whole sectors ends the connection."""
    done = 0
    while True:
        head = b""
        try:
            head = _exactly(sock, 28)
        except _End:
            return done
        _, _, command, handle, offset, length = struct.unpack(">IHHQQI", head)
        if command == 2:
            return done
        wrong = command != 0 or offset % 512 or length % 512 or offset + length > size
        sock.sendall(struct.pack(">IIQ", 0x67446698, 22 if wrong else 0, handle))
        if wrong:
            return done
        sock.sendall(disk.read(offset, length))
        done += length
