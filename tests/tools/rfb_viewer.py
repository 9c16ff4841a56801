# SPDX-License-Identifier: GPL-3.0-or-later
"""A VNC viewer (RFC 6143) for tests: asks for pictures, presses keys. Standard library only."""
import socket
import struct

RAW, COPY, DESKTOP_SIZE = 0, 1, -223


class Viewer:
    """Greets the server; `size` is that of its screen."""

    def __init__(self, port, timeout=60):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        assert self.exactly(12) == b"RFB 003.008\n"
        self.sock.sendall(b"RFB 003.008\n")
        assert self.exactly(2) == b"\1\1"
        self.sock.sendall(b"\1")
        assert self.exactly(4) == bytes(4)
        self.sock.sendall(b"\1")
        self.size = struct.unpack(">HH", self.exactly(4))
        self.pixel = self.exactly(16)[0] // 8
        self.exactly(struct.unpack(">I", self.exactly(4))[0])
        # tight and hextile must not be passed on
        self.sock.sendall(struct.pack(">BxHiiii", 2, 4, 7, 5, RAW, DESKTOP_SIZE))

    def exactly(self, length):
        data = b""
        while len(data) < length:
            part = self.sock.recv(length - len(data))
            assert part, "the viewer was cut off"
            data += part
        return data

    def update(self, incremental=False):
        """Asks for a picture; how many rectangles came, and the last pixel of the last raw one."""
        self.sock.sendall(struct.pack(">BBHHHH", 3, incremental, 0, 0, *self.size))
        pixel = None
        while True:
            kind = self.exactly(1)[0]
            if kind == 0:
                (count,) = struct.unpack(">xH", self.exactly(3))
                for _ in range(count):
                    _, _, width, height, encoding = struct.unpack(">HHHHi", self.exactly(12))
                    assert encoding in (RAW, COPY, DESKTOP_SIZE), encoding
                    if encoding == RAW:
                        pixel = self.exactly(width * height * self.pixel)[-self.pixel:]
                    elif encoding == COPY:
                        self.exactly(4)
                    else:
                        self.size = (width, height)
                return count, pixel
            assert kind == 2, kind

    def press(self, symbol):
        for down in (1, 0):
            self.sock.sendall(struct.pack(">BBxxI", 4, down, symbol))

    def close(self):
        self.sock.close()
