# SPDX-License-Identifier: GPL-3.0-or-later
"""CONNECT /console: a path target, 200, then raw bytes (observed: errors-sessions/118-130)."""

import select
import socket
import struct

from .connection import Closed

#: A tiny framebuffer for the RFB stub.
WIDTH, HEIGHT = 16, 8


def console(transfer):
    """The console of a console or VM; GET (websockets) is 501."""
    conn, request, db = transfer.conn, transfer.request, transfer.db
    if request.verb == "GET":
        transfer.early("501 Method Not Implemented", "HTTP/1.0")
        raise Closed()
    text = request.query.get("ref") or request.query.get("uuid") or ""
    row = db.lookup("console", text)
    if row is None:
        vm = db.lookup("VM", text)
        found = [db.row("console", c) for c in vm["consoles"]] if vm is not None else []
        row = next((c for c in found if c["protocol"] == "rfb"), None)
    if row is None:
        transfer.outcome["http"] = "500"
        conn.page_500("Console.Failure", request.version)
    vm = db.find("VM", row["VM"])
    if vm is None or vm["resident_on"] != conn.member.ref:
        # no redirect: it must be the resident host (xapi.md section 2)
        transfer.outcome["http"] = "500"
        conn.page_500("Console.Failure", request.version)
    transfer.outcome["http"] = "200"
    conn.send(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
              b"Cache-Control: no-cache, no-store\r\n\r\n")
    server = transfer.pool.options.console
    domid = vm["domid"]  # consoles are the device model's, and end with its domain

    def lives():
        now = db.find("VM", vm.ref)
        return (db.find("console", row.ref) is not None and now is not None
                and now["domid"] == domid)

    if row["protocol"] == "rfb" and server:
        _relay(conn, server, lives)
    elif row["protocol"] == "rfb":
        _rfb(conn)
    else:
        _echo(conn, lives)


def _echo(conn, lives):
    """A text console: a banner, then an echo."""
    conn.send(b"lab console\n")
    while lives():
        if not (conn.buffer or conn.sock.pending()
                or select.select([conn.sock], [], [], 0.1)[0]):
            continue
        data = conn.receive()
        if not data:
            return
        conn.send(data)
    raise Closed()


def _relay(conn, path, lives):
    """The unix socket of a real server (QEMU's), as long as the console exists."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        while lives():
            ready = [conn.sock] if conn.buffer or conn.sock.pending() else []
            ready = ready or select.select([conn.sock, server], [], [], 0.1)[0]
            if conn.sock in ready:
                data = conn.receive()
                if not data:
                    return
                server.sendall(data)
            if server in ready:
                data = server.recv(65536)
                if not data:
                    return
                conn.send(data)
    raise Closed()


def _exactly(conn, length):
    data = conn.read_exactly(length)
    if len(data) < length:
        raise Closed()
    return data


def _rfb(conn):
    """RFB 3.8 without authentication; one grey screen."""
    conn.send(b"RFB 003.008\n")
    version = _exactly(conn, 12)
    if version >= b"RFB 003.007\n":
        conn.send(b"\x01\x01")
        _exactly(conn, 1)
        conn.send(struct.pack(">I", 0))
    else:
        conn.send(struct.pack(">I", 1))
    _exactly(conn, 1)
    pixel = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
    name = b"simulated console"
    conn.send(struct.pack(">HH", WIDTH, HEIGHT) + pixel + struct.pack(">I", len(name)) + name)
    sizes = {0: 19, 4: 7, 5: 5}
    while True:
        kind = _exactly(conn, 1)[0]
        if kind == 2:
            count = struct.unpack(">xH", _exactly(conn, 3))[0]
            _exactly(conn, 4 * count)
        elif kind == 3:
            _exactly(conn, 9)
            conn.send(struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0)
                      + b"\x80\x80\x80\x00" * (WIDTH * HEIGHT))
        elif kind == 6:
            length = struct.unpack(">3xI", _exactly(conn, 7))[0]
            _exactly(conn, min(length, 1 << 16))
        elif kind in sizes:
            _exactly(conn, sizes[kind])
        else:
            raise Closed()
