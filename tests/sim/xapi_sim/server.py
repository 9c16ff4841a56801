# SPDX-License-Identifier: GPL-3.0-or-later
"""The members' listening sockets: 127.0.0.1, 127.0.0.2, … on one port."""

import ipaddress
import socket
import threading

from .http_front import serve_in_thread

#: Connections per member (xapi.md 1.1).
BACKLOG = 800


class Member:
    """One host of the pool as the network sees it."""

    def __init__(self, pool, address, port, listener):
        self.pool, self.address, self.port, self.listener = pool, address, port, listener
        self.ref = None
        self.down = False
        self.connections = set()
        self.lock = threading.Lock()

    def start(self):
        """Accept connections in a thread."""
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serve_in_thread(self, sock)

    def go_down(self):
        """Toolstack restart: connections are cut and new ones refused."""
        self.down = True
        self._close_listener()
        for connection in list(self.connections):
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def come_up(self):
        """Listen again on the same port."""
        if not self.pool.clock.stopping.is_set():
            self.listener = listen(self.address, self.port)
            self.down = False
            self.start()

    def _close_listener(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()


def listen(address, port):
    """A listening socket."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen(BACKLOG)
    return sock


def member_addresses(first, count):
    """The members' loopback addresses, counting up from the first."""
    base = ipaddress.IPv4Address(first)
    return [str(base + n) for n in range(count)]


def open_members(pool, first, port, count):
    """Bind all members to the same port (clients keep the port on HOST_IS_SLAVE)."""
    addresses = member_addresses(first, count)
    for attempt in range(20):
        listeners = []
        try:
            listeners.append(listen(addresses[0], port))
            chosen = listeners[0].getsockname()[1]
            for address in addresses[1:]:
                listeners.append(listen(address, chosen))
            return [Member(pool, a, chosen, s) for a, s in zip(addresses, listeners)]
        except OSError:
            for sock in listeners:
                sock.close()
            if port or attempt == 19:
                raise
    raise OSError("no common port")
