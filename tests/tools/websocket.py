# SPDX-License-Identifier: GPL-3.0-or-later
"""A WebSocket client (RFC 6455) that can also break the rules. Standard library only."""
import base64
import hashlib
import os
import socket
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    """Another answer than 101."""

    def __init__(self, status, head, body):
        super().__init__(f"{status} {body.decode(errors='replace').strip()}")
        self.status, self.head, self.body = status, head, body


def exactly(sock, length):
    data = b""
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            raise EOFError("the server closed the connection")
        data += part
    return data


def request(sock, path, fields):
    """Sends a GET and returns (status, {field: value}, what was read after the head)."""
    head = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    sock.sendall(head.encode())
    return answer(sock)


def answer(sock):
    """Reads the head of an answer, byte by byte, so that nothing behind it is taken."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += exactly(sock, 1)
    lines = data.decode().split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
    return int(lines[0].split()[1]), fields


class WebSocket:
    """A connection that is open. Fields of the request may be replaced or (with None) left out."""

    def __init__(self, address, path, fields=None, timeout=60):
        self.sock = socket.create_connection(address, timeout=timeout)
        key = base64.b64encode(os.urandom(16)).decode()
        host = f"{address[0]}:{address[1]}"
        all_fields = {"Host": host, "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
                      "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
        all_fields.update(fields or {})
        status, head = request(self.sock, path, [(n, v) for n, v in all_fields.items() if v is not None])
        if status != 101:
            body = exactly(self.sock, int(head.get("content-length", 0)))
            self.sock.close()
            raise Refused(status, head, body)
        expected = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert head["sec-websocket-accept"] == expected, head
        self.fields = head
        self.data = b""

    def send(self, payload, opcode=BINARY, masked=True, first=None):
        """One frame; `first` is its first byte instead of FIN and the opcode."""
        size = len(payload)
        head = bytes([0x80 | opcode if first is None else first])
        mask_bit = 0x80 if masked else 0
        if size < 126:
            head += bytes([mask_bit | size])
        elif size < 1 << 16:
            head += struct.pack(">BH", mask_bit | 126, size)
        else:
            head += struct.pack(">BQ", mask_bit | 127, size)
        if masked:
            mask = os.urandom(4)
            times = size // 4 + 1
            payload = bytes(a ^ b for a, b in zip(payload, mask * times))
            head += mask
        self.sock.sendall(head + payload)

    def frame(self):
        """(opcode, payload) of the next frame; the server may not mask."""
        first, second = exactly(self.sock, 2)
        assert first & 0x80 and not second & 0x80, (first, second)
        size = second
        if size == 126:
            size = struct.unpack(">H", exactly(self.sock, 2))[0]
        elif size == 127:
            size = struct.unpack(">Q", exactly(self.sock, 8))[0]
        return first & 15, exactly(self.sock, size)

    def read(self, length):
        """So many bytes of the messages, wherever they begin and end."""
        while len(self.data) < length:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                raise EOFError(f"closed: {payload.hex()}")
            assert opcode in (BINARY, TEXT, CONTINUATION), opcode
            self.data += payload
        data, self.data = self.data[:length], self.data[length:]
        return data

    def closed(self):
        """The status of the close frame, or "cut" when the connection ends without one."""
        try:
            while True:
                opcode, payload = self.frame()
                if opcode == CLOSE:
                    return struct.unpack(">H", payload[:2])[0] if payload else "empty"
        except (EOFError, ConnectionError):
            return "cut"
