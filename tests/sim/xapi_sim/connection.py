# SPDX-License-Identifier: GPL-3.0-or-later
"""A client connection: bytes in and out, answers in xapi's header style.

Header spelling and refusal pages: observed in errors-sessions/158-178 and extra/041-052.
"""

import select
import socket
import ssl
import struct
import time
import urllib.parse

NO_CACHE = "cache-control:no-cache, no-store"
_PAGE_500 = (
    "<html><body><h1>HTTP 500 internal server error</h1>An unexpected error occurred; please "
    "wait a while and try again. If the problem persists, please contact your support "
    "representative.<h1> Additional information </h1>%s</body></html>"
)


class Closed(Exception):
    """The peer is gone or the answer asked for a close."""


class Request:
    """A parsed request head."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/"):
            raise ValueError(lines[0])
        self.verb, self.target, self.version = parts
        self.path, _, query = self.target.partition("?")
        self.query = {}
        for item in query.split("&") if query else ():
            key, _, value = item.partition("=")
            self.query[urllib.parse.unquote(key)] = urllib.parse.unquote(value)
        self.headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if colon:
                self.headers[name.strip().lower()] = value.strip()
        self.cookies = {}
        # xapi splits cookies at "&" only: several of them are not understood
        # (observed: vdi-vhd-and-export/064, errors-sessions/127)
        for item in self.headers.get("cookie", "").split("&"):
            key, _, value = item.strip().partition("=")
            self.cookies[key] = urllib.parse.unquote(value)

    def param(self, name, default=None):
        """A query parameter; session_id may come as cookie, which wins (xapi.md section 2)."""
        if name == "session_id" and name in self.cookies:
            return self.cookies[name]
        return self.query.get(name, default)

    @property
    def keep_alive(self):
        """HTTP/1.1 stays open unless told otherwise."""
        wish = self.headers.get("connection", "").lower()
        if self.version == "HTTP/1.0":
            return wish == "keep-alive"
        return wish != "close"


class Connection:
    """One client connection on one member."""

    numbers = iter(range(1, 1 << 62))

    def __init__(self, member, sock):
        self.member, self.pool, self.sock = member, member.pool, sock
        self.number = next(self.numbers)
        self.buffer = b""
        self.sent = 0

    # -- bytes ------------------------------------------------------------------
    def send(self, data):
        """Send all of it, or Closed."""
        try:
            self.sock.sendall(data)
            self.sent += len(data)
        except (OSError, ValueError):
            raise Closed() from None

    def receive(self, most=65536, timeout=None):
        """Some bytes; b"" at the end; TimeoutError after the timeout."""
        if self.buffer:
            data, self.buffer = self.buffer[:most], self.buffer[most:]
            return data
        self.sock.settimeout(timeout)
        try:
            return self.sock.recv(most)
        except TimeoutError:
            raise
        except (OSError, ValueError):
            return b""
        finally:
            try:
                self.sock.settimeout(None)
            except OSError:
                pass

    def is_closed(self, timeout):
        """True when the peer has ended within the timeout; nothing is read."""
        poll = select.poll()
        poll.register(self.sock.fileno(), select.POLLRDHUP)
        return bool(poll.poll(1000 * timeout))

    def read_exactly(self, length, timeout=None):
        """length bytes, fewer when the peer closes."""
        parts, left = [], length
        while left > 0:
            data = self.receive(min(left, 1 << 20), timeout)
            if not data:
                break
            parts.append(data)
            left -= len(data)
        return b"".join(parts)

    def reset(self):
        """Drop the connection with a TCP reset."""
        try:
            linger = struct.pack("ii", 1, 0)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            # close the descriptor below TLS: no close_notify
            socket.socket(fileno=self.sock.detach()).close()
        except OSError:
            pass
        raise Closed()

    def close(self):
        """Orderly end: close_notify, then a short drain so that the answer arrives."""
        try:
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.setblocking(False)
                try:
                    self.sock = self.sock.unwrap()
                except (ssl.SSLError, OSError, ValueError):
                    pass
            self.sock.setblocking(True)
            self.sock.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + 0.5
            raw = socket.socket(fileno=self.sock.detach())
            while (left := deadline - time.monotonic()) > 0:
                raw.settimeout(left)
                if not raw.recv(65536):
                    break
            raw.close()
        except (OSError, ValueError):
            try:
                self.sock.close()
            except OSError:
                pass

    # -- answers ------------------------------------------------------------------
    def reply(self, status, body=b"", kind="text/html", extra=(), version="HTTP/1.1", close=True):
        """A complete answer in xapi's header style."""
        lines = [f"{version} {status}", f"content-length: {len(body)}"]
        if kind == "text/html":
            lines += [f"content-type:{kind}", "connection:close", NO_CACHE]
        else:
            lines += [f"connection:{'close' if close else 'keep-alive'}", NO_CACHE]
            lines += [f"content-type:{kind}"]
        lines += list(extra)
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        if close:
            raise Closed()

    def page_500(self, text, version="HTTP/1.1"):
        """The HTML page for an unexpected error."""
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        body = (_PAGE_500 % text).encode("utf-8", "replace")
        self.reply("500 Internal Error", body, version=version)

    def forbidden(self):
        """Unknown path or wrong verb (observed: extra/041-052)."""
        body = (b"<html><body><h1>HTTP 403 forbidden</h1>Access to the requested resource is "
                b"forbidden.</body></html>")
        self.reply("403 Forbidden", body)

    def unauthorised(self, realm, version):
        """A known path without a session (observed: extra/044)."""
        body = (b"<html><body><h1>HTTP 401 unauthorised</h1>Please check your credentials and "
                b"retry.</body></html>")
        extra = [f'WWW-Authenticate:Basic realm="{realm}"']
        self.reply("401 Unauthorised", body, extra=extra, version=version)
